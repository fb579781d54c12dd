struct Args {
    user: String,
}

#[godaemon::main(values = [args = Args { user: String::from("echod") }], user = args.user)]
fn main(_args: Args) {}
