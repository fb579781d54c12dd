// sevlyar's package: one exec, of a daemon that leads its session. The parent exits when it is started.
package main

import (
	"fmt"
	"os"

	"github.com/sevlyar/go-daemon"
)

func main() {
	context := &daemon.Context{WorkDir: "/"}
	child, err := context.Reborn()
	// With an error as well, if the daemon has closed their pipe before all was written.
	if child != nil {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer context.Release()
	run()
}
