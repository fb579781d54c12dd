//! A listener for tokio, which the parent has opened.

use std::{
    io::{Read, Write},
    net::Shutdown,
};

use support::{Case, program};

use crate::{connect, end, listening};

#[test]
fn example_echoes_to_several_at_once_and_ends_in_order() {
    let case = Case::new();
    let outcome = case.program(program!("with_tokio")).arg("127.0.0.1:0").run();
    let (daemon, address) = listening(&case, &outcome, "echoes on ");
    let mut connections = [connect(address), connect(address)];
    for (mut connection, text) in connections.iter().zip(["first", "second"]) {
        connection.write_all(text.as_bytes()).unwrap();
        connection.shutdown(Shutdown::Write).unwrap();
    }
    let answers = connections.each_mut().map(|connection| {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    });
    assert_eq!(answers, ["first", "second"]);
    end(daemon);
}
