// Objects of Go, stacks of goroutines, and a mapping; prints where they lie.
package main

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

type object struct{ words [12]uint64 }

var objects []*object
var blocks [][]byte

func main() {
	for i := 0; i < 300000; i++ {
		objects = append(objects, &object{})
		if i%10 == 0 {
			at := uintptr(unsafe.Pointer(objects[i])) &^ 4095
			fmt.Printf("heap %x %x\n", at, at+4096)
		}
	}
	for i := 0; i < 8; i++ {
		block := make([]byte, 3<<20)
		for j := range block {
			block[j] = 1
		}
		blocks = append(blocks, block)
		at := uintptr(unsafe.Pointer(&block[0]))
		fmt.Printf("heap %x %x\n", at, at+(3<<20))
	}
	for i := 0; i < 500; i++ {
		go func() { select {} }()
	}
	for i := 0; i < 3; i++ {
		b, err := syscall.Mmap(-1, 0, 256<<10, syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_PRIVATE|syscall.MAP_ANON)
		if err != nil {
			os.Exit(1)
		}
		for j := range b {
			b[j] = 7
		}
		at := uintptr(unsafe.Pointer(&b[0]))
		fmt.Printf("foreign %x %x\n", at, at+(256<<10))
	}
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadByte()
	fmt.Println(len(objects), len(blocks))
}
