//! The words of the demonstration gateway: an answer about the prompt, and the tokens that it comes in.

use super::command::Command;
use super::prompt::Prompt;

const CODE: &str = r#"```rust
fn greet(name: &str) -> String {
    format!("Hello, {name} 👋")
}
```"#;

/// What the gateway says to a prompt, in markdown.
pub fn text(prompt: &Prompt, command: Command) -> String {
    match command {
        Command::Help => format!(
            "# What this gateway can be asked to do\n\n{}\nAnything else is answered like a chat.",
            Command::list()
        ),
        Command::Burst => (1..=10_000).map(|n| format!("{n} ")).collect(),
        Command::Long => (1..=7).fold(ordinary(prompt, command), |text, part| {
            format!("{text}\n\n## Part {part} of 7\n\n{}", filler(part))
        }),
        _ => ordinary(prompt, command),
    }
}

/// Splits text into pieces about as long as a model's tokens; every character is kept.
pub fn tokens(text: &str) -> Vec<&str> {
    const LONGEST: usize = 6;
    let mut tokens = Vec::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let mut rest = word;
        while let Some((cut, _)) = rest.char_indices().nth(LONGEST) {
            let (token, tail) = rest.split_at(cut);
            tokens.push(token);
            rest = tail;
        }
        tokens.push(rest);
    }
    tokens
}

fn ordinary(prompt: &Prompt, command: Command) -> String {
    let turns = prompt.questions.len() + prompt.answers;
    let asked =
        command.purpose().map_or_else(String::new, |purpose| format!("You asked for this: *{purpose}*.\n\n"));
    let before = match prompt.questions.as_slice() {
        [] | [_] => "This is the beginning of our conversation.".to_owned(),
        [first, ..] => format!("It began with “{}”.", shorten(first)),
    };
    format!(
        "# About “{question}”\n\n\
         {asked}I am the **demonstration gateway**. I know nothing, but I stream like the real one. \
         I saw **{turns} {noun}** ({asks} of yours, {answers} of mine) and a system prompt of \
         {system} characters. {before}\n\n\
         1. Your words were read as *{model}* would read them.\n\
         2. This answer leaves in small pieces, one every 30 ms.\n\
         3. Nothing of it is true, and nothing of it left this machine.\n\n\
         {CODE}\n\n\
         Text beyond ASCII arrives whole: 日本語, naïve, Ελληνικά, 👩‍💻 and 🎉. \
         Ask for `/help` to see how I can fail.",
        question = shorten(prompt.question()),
        noun = if turns == 1 { "turn" } else { "turns" },
        asks = prompt.questions.len(),
        answers = prompt.answers,
        system = prompt.system_characters,
        model = prompt.model,
    )
}

fn filler(part: usize) -> String {
    format!(
        "A long answer gives you time to press **Stop**, to close the page, or to watch the deadline \
         of the function pass. Whatever you do, the function lets go of my connection at once, and \
         the words that already arrived stay yours.\n\n\
         - This is line one of part {part}; it says little. ☕\n\
         - This is line two; it says less, at the same pace.\n\
         - `part = {part}` is the only thing that changes from one part to the next.\n\n\
         Streams are patient: a token, a pause, a token, a pause. A reader who looks away finds the \
         answer further along, never garbled, and ends with the truth about how it ended."
    )
}

fn shorten(text: &str) -> String {
    const LONGEST: usize = 80;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", line.split_at(cut).0),
        None => line,
    }
}
