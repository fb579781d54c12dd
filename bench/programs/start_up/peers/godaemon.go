// VividCortex's package: the parent exits as soon as the first child is started.
package main

import (
	"fmt"
	"os"

	"github.com/VividCortex/godaemon"
)

func main() {
	if _, _, err := godaemon.MakeDaemon(&godaemon.DaemonAttr{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	run()
}
