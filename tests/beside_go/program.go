// What program.rs beside it is, on the Go package: the same steps in the same order, and the same report.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/VividCortex/godaemon"
)

func main() {
	if set("RAN") {
		appendTo("ran", godaemon.Stage().String()+"\n")
	}
	var text, lock *os.File
	attr := &godaemon.DaemonAttr{ProgramName: os.Getenv("NAME"), CaptureOutput: set("CAPTURE")}
	if set("FILES") {
		attr.Files = []**os.File{&text, &lock}
	}
	if godaemon.Stage() == godaemon.StageParent {
		if set("FILES") {
			text, lock = openText(), openLock()
		}
		if set("STOP") {
			obey("parent", numbers(text, lock)...)
		}
	}
	stdout, stderr, err := godaemon.MakeDaemon(attr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	// There is nobody to tell that the daemon is up, so before and after are the same.
	report := numbers(text, lock)
	if text != nil {
		position, err := text.Seek(0, io.SeekCurrent)
		check(err)
		report = append(report, "position", strconv.FormatInt(position, 10))
	}
	if set("PRINT") {
		_, err := os.Stdout.WriteString("printed\n")
		report = append(report, "printed", errorOf(err))
	}
	if set("LINK") {
		target, err := godaemon.Readlink(path("link"))
		check(err)
		report = append(report, "link", target)
	}
	if set("AGAIN") && os.Remove(path("again")) == nil {
		obey("first")
		godaemon.MakeDaemon(attr)
	}
	switch os.Getenv("CAPTURE") {
	case "bytes":
		readers := []chan bool{copyInto("captured-stdout", stdout), copyInto("captured-stderr", stderr)}
		printAll()
		closeOutput()
		<-readers[0]
		<-readers[1]
	case "parts":
		reader := make(chan bool)
		go readParts(stdout, reader)
		os.Stdout.WriteString("begin")
		obey("begun")
		os.Stdout.WriteString("ning\n")
		closeOutput()
		<-reader
	case "dropped":
		stdout.(*os.File).Close()
		stderr.(*os.File).Close()
		obey("dropped")
		os.Stdout.WriteString("nobody reads this\n")
		os.Exit(0)
	case "forwarded":
		go forward(stdout)
		os.Stdout.WriteString("last words\n")
	}
	obey("body", report...)
	// Or else the garbage collector may close them before.
	runtime.KeepAlive(stdout)
	runtime.KeepAlive(stderr)
}

func set(name string) bool {
	return os.Getenv(name) != ""
}

// A path in the folder of the case.
func path(name string) string {
	return filepath.Join(os.Getenv("GODAEMON_CASE"), name)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func appendTo(name, text string) {
	file, err := os.OpenFile(path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0644)
	check(err)
	defer file.Close()
	_, err = file.WriteString(text)
	check(err)
}

// A file of which three bytes have been read.
func openText() *os.File {
	file, err := os.Open(path("text"))
	check(err)
	_, err = io.ReadFull(file, make([]byte, 3))
	check(err)
	return file
}

// The lock, with something in the file: from when that can be read on, nobody else may get it.
func openLock() *os.File {
	file, err := os.OpenFile(path("lock"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0644)
	check(err)
	check(syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	_, err = file.WriteString("locked\n")
	check(err)
	return file
}

func numbers(files ...*os.File) []string {
	var numbers []string
	for _, file := range files {
		if file != nil {
			numbers = append(numbers, "file", fmt.Sprint(file.Fd()))
		}
	}
	return numbers
}

func errorOf(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return strconv.Itoa(int(number))
	}
	return "0"
}

func copyInto(name string, reader io.Reader) chan bool {
	done := make(chan bool)
	go func() {
		file, err := os.Create(path(name))
		check(err)
		_, err = io.Copy(file, reader)
		check(err)
		close(done)
	}()
	return done
}

// By this process itself, and once more by a child.
func printAll() {
	for stream, name := range map[*os.File]string{os.Stdout: "stdout", os.Stderr: "stderr"} {
		bytes, err := os.ReadFile(path(name))
		check(err)
		_, err = stream.Write(bytes)
		check(err)
	}
	child := exec.Command("/bin/sh", "-c", `cat "$0"/stdout; cat "$0"/stderr >&2`, os.Getenv("GODAEMON_CASE"))
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	check(child.Run())
}

func closeOutput() {
	check(os.Stdout.Close())
	check(os.Stderr.Close())
}

// Writes down how long each piece is.
func readParts(reader io.Reader, done chan bool) {
	buffer := make([]byte, 100)
	for {
		count, err := reader.Read(buffer)
		if err == io.EOF {
			close(done)
			return
		}
		check(err)
		appendTo("parts", fmt.Sprintln(count))
	}
}

func forward(reader io.Reader) {
	for lines := bufio.NewScanner(reader); lines.Scan(); {
		obey("line")
		appendTo("lines", lines.Text()+"\n")
	}
}

// The socket of the case. Nobody closes it, not even the garbage collector: whoever waits for its end sees this process's.
type connection int

func connect() connection {
	number, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	check(err)
	name := "@godaemon-tests/" + filepath.Base(os.Getenv("GODAEMON_CASE"))
	check(syscall.Connect(number, &syscall.SockaddrUnix{Name: name}))
	return connection(number)
}

func (c connection) Read(bytes []byte) (int, error) {
	count, err := syscall.Read(int(c), bytes)
	if count == 0 && err == nil {
		err = io.EOF
	}
	return count, err
}

// As support/puppet.rs does: reports, and obeys until it is told to go on.
func obey(point string, more ...string) {
	stream := connect()
	orders := bufio.NewReader(stream)
	for {
		_, err := syscall.Write(int(stream), report(point, more))
		check(err)
		line, err := orders.ReadString('\n')
		if err != nil {
			// The end of input: the test is over.
			os.Exit(0)
		}
		order, what, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch order {
		case "go":
			return
		case "exit":
			status, err := strconv.Atoi(what)
			check(err)
			os.Exit(status)
		case "panic":
			panic(what)
		case "open":
			_, err := os.OpenFile(what, os.O_RDWR, 0)
			check(err)
		case "helper":
			child := exec.Command(what, "1000")
			child.Stdout, child.Stderr = os.Stdout, os.Stderr
			check(child.Start())
		default:
			panic("unknown order: " + line)
		}
	}
}

// What only the process itself can tell. The rest is looked at from outside.
func report(point string, more []string) []byte {
	var report []byte
	tell := func(key, value string) {
		report = append(report, fmt.Sprintf("%s %d\n%s\n", key, len(value), value)...)
	}
	tell("point", point)
	tell("stage", godaemon.Stage().String())
	for i := 0; i < len(more); i += 2 {
		tell(more[i], more[i+1])
	}
	session, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	tell("pid", strconv.Itoa(os.Getpid()))
	tell("sid", strconv.Itoa(int(session)))
	terminal, err := os.Open("/dev/tty")
	tell("terminal", errorOf(err))
	terminal.Close()
	for _, arg := range os.Args {
		tell("arg", arg)
	}
	for _, entry := range os.Environ() {
		tell("env", entry)
	}
	return append(report, "end\n"...)
}
