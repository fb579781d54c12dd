// What a measured program does besides becoming a daemon, as src/report.rs does it for those in Rust.
package main

import (
	"encoding/binary"
	"os"
	"syscall"
	"unsafe"
)

const clockMonotonic = 1

// report writes the record. It is to be called as the first of all.
func report() error {
	var now syscall.Timespec
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	if errno != 0 {
		return errno
	}
	var record [16]byte
	binary.LittleEndian.PutUint64(record[:8], uint64(now.Nano()))
	binary.LittleEndian.PutUint64(record[8:], uint64(os.Getpid()))
	fifo, err := os.OpenFile(os.Getenv("GODAEMON_BENCH_REPORT"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer fifo.Close()
	_, err = fifo.Write(record[:])
	return err
}

// hold waits until the benchmark opens the other end, if it wants that.
func hold() error {
	path, wanted := os.LookupEnv("GODAEMON_BENCH_HOLD")
	if !wanted {
		return nil
	}
	fifo, err := os.Open(path)
	if err != nil {
		return err
	}
	return fifo.Close()
}

// run is the daemon.
func run() {
	if report() != nil || hold() != nil {
		os.Exit(1)
	}
}
