async fn mask() -> u32 {
    0o027
}

#[godaemon::main(umask = mask().await)]
#[tokio::main]
async fn main() {}
