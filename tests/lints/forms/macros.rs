//! A `main` that the user's own macro writes.
#![expect(
    clippy::missing_inline_in_public_items,
    clippy::absolute_paths,
    clippy::arbitrary_source_item_ordering,
    clippy::question_mark_used,
    clippy::unnecessary_wraps,
    reason = "as without the attribute"
)]

/// A whole `main`.
macro_rules! daemon {
    ($($name:ident: $type:ty = $value:expr),*; $body:block) => {
        /// The daemon.
        #[godaemon::main(values = [$($name = $value),*])]
        pub fn main($($name: $type),*) $body
    };
}

/// A `main` with options, files, and names of the macro's own.
macro_rules! server {
    ($(#[$attribute:meta])* $visibility:vis, $address:literal, $mask:expr, $ready:expr, $output:ty, $body:expr) => {
        $(#[$attribute])*
        #[godaemon::main(
            values = [mask = $mask],
            umask = mask,
            on_ready = $ready,
            files = [listener = ::std::net::TcpListener::bind($address)?],
            capture_output,
        )]
        $visibility fn main(
            mask: u32,
            listener: ::std::net::TcpListener,
            ready: ::godaemon::Ready,
            mut stdout: ::godaemon::Reader,
        ) -> $output {
            drop((vec![mask], listener, ready));
            drop(::std::io::Read::read(&mut stdout, &mut [0]));
            $body
        }
    };
}

/// The attribute from outside, and the item as it is.
macro_rules! with_attribute {
    (#[$attribute:meta] $item:item) => {
        #[$attribute]
        $item
    };
}

/// The options as tokens.
macro_rules! with_options {
    ($($options:tt)*) => {
        /// The daemon.
        #[godaemon::main($($options)*)]
        pub fn main() {}
    };
}

/// The crate by a path of the macro's.
macro_rules! with_path {
    ($krate:path, $name:ident) => {
        /// The daemon.
        #[godaemon::main(crate = $krate, values = [$name = 7])]
        pub fn main($name: u8) {
            drop(vec![$name]);
        }
    };
}

pub mod values {
    //! Names, types and expressions from outside.
    daemon!(number: u8 = 7, text: String = String::from("text"); { drop((vec![number], text)); });
}

pub mod nothing {
    //! Nothing from outside.
    daemon!(; {});
}

pub mod files {
    //! Options, return type and body from outside.
    server! {
        /// The daemon.
        ///
        /// # Errors
        ///
        /// None.
        pub, "127.0.0.1:0", 0o027, |_| {}, std::io::Result<()>, Ok(())
    }
}

pub mod attribute {
    //! The attribute from outside.
    with_attribute! {
        #[godaemon::main(values = [number = 7])]
        /// The daemon.
        pub fn main(number: u8) { drop(vec![number]); }
    }
}

pub mod options {
    //! Options from outside.
    with_options!(values = [mask = 0o27], umask = mask, on_ready = |_| {});
}

pub mod path {
    //! The crate and a name from outside.
    with_path!(::godaemon, number);
}
