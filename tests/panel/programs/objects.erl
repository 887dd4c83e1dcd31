%% Lists and binaries of Erlang; prints how much its carriers have.
-module(objects).
-export([main/0]).

main() ->
	List = [integer_to_list(I) || I <- lists:seq(1, 300000)],
	Binaries = [binary:copy(<<"x">>, 100000) || _ <- lists:seq(1, 100)],
	Self = self(),
	spawn_opt(fun() -> measure(Self) end, [{min_heap_size, 4000000}]),
	receive measured -> ok end,
	io:get_line(""),
	io:format("~b", [length(List) + length(Binaries)]).

%% In a process with room for what it is told, so that this needs no more carriers.
measure(Asker) ->
	Sizes = erlang:system_info({allocator_sizes, erlang:system_info(alloc_util_allocators)}),
	io:format("total ~b~nready~n", [carriers(Sizes)]),
	Asker ! measured,
	receive never -> ok end.

%% Whatever is called so, wherever it stands.
carriers({carriers_size, Size, _, _}) -> Size;
carriers({carriers_size, Size}) -> Size;
carriers(T) when is_tuple(T) -> carriers(tuple_to_list(T));
carriers([H | T]) -> carriers(H) + carriers(T);
carriers(_) -> 0.
