(* Lists and bytes of OCaml, which it keeps. *)
let () =
  let list = List.init 300000 string_of_int in
  let blocks = Array.init 100 (fun _ -> Bytes.create 100000) in
  print_endline "ready";
  ignore (input_line stdin);
  print_int (List.length list + Array.length blocks)
