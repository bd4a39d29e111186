//! What is in the frames. A frame is its kind, then its fields in a fixed order.
//!
//! The parent says `HELLO` once, then asks; the child answers each. An answer repeats the id of its question.

use wane_core::time::Timestamp;

use super::frame::{Reader, Writer};
use crate::call::{Input, InputKind};
use crate::instance::Ask;
use crate::output::{Call, Output};

const HELLO: u8 = 1;
const READY: u8 = 2;
const REFUSED: u8 = 3;
const TRANSLATE: u8 = 4;
const RENDER: u8 = 5;
const DONE: u8 = 6;

/// The most headers of an input; the daemon takes 64.
const MOST_HEADERS: u64 = 1_024;

/// What a child is told first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hello<'a> {
    /// The file to load: the copy that the parent vetted.
    pub(crate) copy: &'a str,
    /// The manifest that its descriptor must have.
    pub(crate) manifest: &'a [u8],
    /// The config, secrets for the plugin included.
    pub(crate) config: &'a str,
}

impl Hello<'_> {
    pub(crate) fn write<'w>(&self, writer: &'w mut Writer) -> Option<&'w [u8]> {
        let writer = writer.begin(HELLO).bytes(self.copy.as_bytes()).bytes(self.manifest);
        writer.bytes(self.config.as_bytes()).end()
    }
}

pub(crate) fn hello(frame: &[u8]) -> Option<Hello<'_>> {
    let mut reader = Reader::new(frame);
    (reader.byte()? == HELLO).then_some(())?;
    let hello = Hello { copy: reader.text()?, manifest: reader.bytes()?, config: reader.text()? };
    reader.end().map(|()| hello)
}

/// What the child answers: ready, or why not.
pub(crate) fn write_ready<'w>(writer: &'w mut Writer, ready: &Result<(), String>) -> Option<&'w [u8]> {
    match ready {
        Ok(()) => writer.begin(READY).end(),
        Err(why) => writer.begin(REFUSED).bytes(why.as_bytes()).end(),
    }
}

pub(crate) fn ready(frame: &[u8]) -> Option<Result<(), &[u8]>> {
    let mut reader = Reader::new(frame);
    match reader.byte()? {
        READY => reader.end().map(Ok),
        REFUSED => reader.bytes().map(Err),
        _ => None,
    }
}

/// A question.
pub(crate) fn write_ask<'w>(writer: &'w mut Writer, id: u64, ask: &Ask<'_>) -> Option<&'w [u8]> {
    match ask {
        Ask::Render(effect) => writer.begin(RENDER).number(id).bytes(effect.as_bytes()).end(),
        Ask::Translate(input) => {
            let writer = writer.begin(TRANSLATE).number(id).byte(kind_byte(input.kind));
            writer.signed(input.received_at.millis());
            for text in [input.account, input.method, input.path, input.query] {
                writer.bytes(text.as_bytes());
            }
            writer.number(input.headers.len() as u64);
            for (name, value) in input.headers {
                writer.bytes(name.as_bytes()).bytes(value);
            }
            writer.bytes(input.body).end()
        }
    }
}

/// Has a question answered, if it is one.
pub(crate) fn asked<T>(frame: &[u8], answer: impl FnOnce(u64, &Ask<'_>) -> T) -> Option<T> {
    let mut reader = Reader::new(frame);
    let (kind, id) = (reader.byte()?, reader.number()?);
    match kind {
        RENDER => {
            let effect = reader.text()?;
            reader.end().map(|()| answer(id, &Ask::Render(effect)))
        }
        TRANSLATE => {
            let kind = kind_of(reader.byte()?)?;
            let received_at = Timestamp::from_millis(reader.signed()?).ok()?;
            let (account, method, path, query) = (reader.text()?, reader.text()?, reader.text()?, reader.text()?);
            let count = reader.number().filter(|count| *count <= MOST_HEADERS)?;
            let headers = (0..count).map(|_| Some((reader.text()?, reader.bytes()?))).collect::<Option<Vec<_>>>()?;
            let (headers, body) = (headers.as_slice(), reader.bytes()?);
            reader.end()?;
            let input = Input { kind, received_at, account, method, path, query, headers, body };
            Some(answer(id, &Ask::Translate(&input)))
        }
        _ => None,
    }
}

/// An answer: what the plugin said, and the code that it returned.
pub(crate) fn write_done<'w>(writer: &'w mut Writer, id: u64, code: i32, output: &Output) -> Option<&'w [u8]> {
    let said = output.said();
    let writer = writer.begin(DONE).number(id).signed(code.into());
    writer.bytes(said.wrong.unwrap_or_default().as_bytes()).bytes(said.detail.as_bytes());
    for list in [said.events, said.requests] {
        writer.number(list.len() as u64);
        for json in list {
            writer.bytes(json);
        }
    }
    match said.suppressed {
        Some(why) => writer.byte(1).bytes(why.as_bytes()),
        None => writer.byte(0),
    };
    let Some(reply) = said.reply else { return writer.byte(0).end() };
    writer.byte(1).number(reply.status.into()).bytes(&reply.body).number(reply.headers.len() as u64);
    for (name, value) in &reply.headers {
        writer.bytes(name.as_bytes()).bytes(value.as_bytes());
    }
    writer.end()
}

/// Takes an answer as if the plugin said it here: every piece goes through the same checks. None if it is no answer, or one
/// to another question.
pub(crate) fn done(frame: &[u8], id: u64, call: Call) -> Option<(i32, Output)> {
    let mut reader = Reader::new(frame);
    (reader.byte()? == DONE && reader.number()? == id).then_some(())?;
    let code = i32::try_from(reader.signed()?).ok()?;
    let mut output = Output::new(call);
    let (wrong, detail) = (reader.bytes()?, reader.bytes()?);
    if !wrong.is_empty() {
        output.mark(&crate::output::shortened(&String::from_utf8_lossy(wrong)));
    }
    output.fail(Ok(detail));
    for _ in 0..reader.number()? {
        output.event(Ok(reader.bytes()?));
    }
    for _ in 0..reader.number()? {
        output.request(Ok(reader.bytes()?));
    }
    if reader.byte()? != 0 {
        output.suppress(Ok(reader.bytes()?));
    }
    if reader.byte()? != 0 {
        reply(&mut reader, &mut output)?;
    }
    reader.end().map(|()| (code, output))
}

fn reply(reader: &mut Reader<'_>, output: &mut Output) -> Option<()> {
    let (status, body, count) = (reader.number()?, reader.bytes()?, reader.number()?);
    let headers = if crate::output::too_many_headers(count) {
        Err(format!("a list of {count} headers"))
    } else {
        Ok((0..count).map(|_| Some((reader.bytes()?, reader.bytes()?))).collect::<Option<Vec<_>>>()?)
    };
    output.reply(u32::try_from(status).unwrap_or(0), headers, Ok(body));
    Some(())
}

const fn kind_byte(kind: InputKind) -> u8 {
    match kind {
        InputKind::Webhook => 1,
        InputKind::Handshake => 2,
        InputKind::ClientFrame => 3,
    }
}

const fn kind_of(byte: u8) -> Option<InputKind> {
    match byte {
        1 => Some(InputKind::Webhook),
        2 => Some(InputKind::Handshake),
        3 => Some(InputKind::ClientFrame),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use wane_plugin_abi::code;

    use super::*;

    fn said() -> Output {
        let mut output = Output::new(Call::Translate);
        output.event(Ok(br#"{"type":"message","address":"u1"}"#));
        output.event(Ok(br#"{"type":"message","address":"u2"}"#));
        output.reply(202, Ok(vec![(b"x-a", b"b")]), Ok(b"body"));
        output
    }

    fn frame(write: impl FnOnce(&mut Writer) -> Option<usize>) -> Vec<u8> {
        let mut writer = Writer::new();
        let length = write(&mut writer).expect("short");
        writer.end().expect("short")[4..length].to_vec()
    }

    fn answer() -> Vec<u8> {
        frame(|writer| write_done(writer, 9, code::OK, &said()).map(<[u8]>::len))
    }

    #[test]
    fn a_question_arrives_as_it_was_asked() {
        let headers: [(&str, &[u8]); 2] = [("x-a", b"\xff\0"), ("x-b", b"")];
        let input = Input {
            kind: InputKind::ClientFrame,
            received_at: Timestamp::EPOCH.plus_millis(7),
            account: "a",
            method: "POST",
            path: "/p",
            query: "q=1",
            headers: &headers,
            body: b"\0\xff",
        };
        let question = frame(|writer| write_ask(writer, 3, &Ask::Translate(&input)).map(<[u8]>::len));
        let told = asked(&question, |id, ask| format!("{id} {ask:?}")).expect("a question");
        assert_eq!(told, format!("3 {:?}", Ask::Translate(&input)));
        let render = frame(|writer| write_ask(writer, 4, &Ask::Render("{}")).map(<[u8]>::len));
        assert_eq!(asked(&render, |id, ask| format!("{id} {ask:?}")).as_deref(), Some("4 Render(\"{}\")"));
        for end in 0..question.len() {
            assert_eq!(asked(&question[..end], |_, _| ()), None, "cut at {end}");
        }
        assert_eq!(hello(&question), None);
    }

    #[test]
    fn an_answer_arrives_as_if_it_was_said_here() {
        let (code, output) = done(&answer(), 9, Call::Translate).expect("an answer");
        assert_eq!(output.translated(code), said().translated(code::OK));
        assert!(done(&answer(), 8, Call::Translate).is_none(), "to another question");
        // Said in a call that it does not belong to, it is a fault, as it is in process.
        let (code, output) = done(&answer(), 9, Call::Render).expect("an answer");
        assert!(output.rendered(code, |_| Ok(())).is_err());
        let longer = [answer(), vec![0]].concat();
        assert!(done(&longer, 9, Call::Translate).is_none(), "with something behind it");
    }

    #[test]
    fn no_answer_harms_who_reads_it() {
        let whole = answer();
        for end in 0..whole.len() {
            assert!(done(&whole[..end], 9, Call::Translate).is_none(), "cut at {end}");
        }
        for bit in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // Whatever it is now: no panic, and no memory for lengths that are only claimed.
            let _ = done(&changed, 9, Call::Translate).map(|(code, output)| output.translated(code));
        }
    }
}
