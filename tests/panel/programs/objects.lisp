; Strings of SBCL; prints the pages where some of them lie.
(defvar *keep* (loop for i below 300000 collect (format nil "~a" i)))
(gc)
(loop for some in *keep* for i from 0
      when (zerop (mod i 50))
      do (let ((page (logandc2 (sb-kernel:get-lisp-obj-address some) 4095)))
           (format t "heap ~(~x~) ~(~x~)~%" page (+ page 4096))))
(format t "ready~%")
(finish-output)
(read-line)
