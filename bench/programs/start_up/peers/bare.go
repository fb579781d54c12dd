// Runs and exits: what the others are more than.
package main

func main() {
	run()
}
