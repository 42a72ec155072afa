//! The unchanged frontend, whose reader garbles split events, reads every answer completely.

use crate::support::answer::{Answer, Step};
use crate::support::event::Dialect;
use crate::support::frontend::Frontend;
use crate::support::payload::{DONE, finish, sse, token};
use crate::support::world::World;
use bytes::Bytes;

const TEXT: &str = "日本語 👩‍💻";

fn stream() -> String {
    [token(TEXT), token("é"), finish(), DONE.to_owned()].iter().map(|payload| sse(payload)).collect()
}

#[test]
fn its_reader_garbles_a_character_that_is_cut() {
    let whole = sse(&token(TEXT));
    let at = whole.find('本').unwrap() + 1;
    let mut frontend = Frontend::default();
    frontend.take(&whole.as_bytes()[..at]);
    frontend.take(&whole.as_bytes()[at..]);
    assert_ne!(frontend.text, TEXT);
}

#[tokio::test]
async fn characters_split_anywhere_arrive_whole() {
    let world = World::start().await;
    let stream = stream();
    for at in 0..=stream.len() {
        let (first, second) = stream.as_bytes().split_at(at);
        // A chunk of no bytes would be the body's end.
        let answer = [first, second].into_iter().filter(|part| !part.is_empty());
        let answer = answer.fold(Answer::stream(), |answer, part| answer.bytes(part).wait(1));
        world.gateway.next(answer.close());
        let response = world.ask(Dialect::Conversations.ask()).await;
        assert_eq!(response.streamed().shown(), format!("{TEXT}é"), "split at {at}");
        assert_eq!(response.text(), stream, "split at {at}");
    }
}

#[tokio::test]
async fn characters_sent_byte_by_byte_arrive_whole() {
    let world = World::start().await;
    let stream = stream();
    let bytes = stream.as_bytes().chunks(1);
    let chunks = bytes.clone().fold(Answer::stream(), |answer, byte| answer.bytes(byte).wait(0));
    world.gateway.next(chunks.close());
    let plain = bytes.fold(Answer::until_closed(), |answer, byte| {
        answer.step(Step::Write(Bytes::copy_from_slice(byte))).wait(0)
    });
    world.gateway.next(plain.close());
    for _ in 0..2 {
        let response = world.ask(Dialect::Conversations.ask()).await;
        assert_eq!(response.streamed().shown(), format!("{TEXT}é"));
        assert_eq!(response.text(), stream);
    }
}
