//! One player's session: takes what is typed, does it, shows what comes of it.

use std::io;

use domain::job::{self, Job};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use standins::telegram::Event;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::chat::{Chat, NotPressed, Pressed};
use super::input::{self, Command, Input};
use super::screen::Screen;
use super::views::{self, Pending, View};
use crate::bundle::{self, Bundle};
use crate::result;

/// Why something typed could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing can be shown any more.
    #[error("the screen cannot be written to")]
    Screen(#[from] io::Error),
    /// The bundle refused, or a job failed.
    #[error(transparent)]
    Bundle(#[from] bundle::Error),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] store::Error),
    /// No such button.
    #[error(transparent)]
    NotPressed(#[from] NotPressed),
    /// The line was taken, and nothing came back.
    #[error("no answer came")]
    NoAnswer,
    /// What she sends goes to a real bot and cannot be shown here.
    #[error("the chat is with a real bot")]
    RealBot,
}

/// Whether the play goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It does.
    GoOn,
    /// It does not.
    End,
}

/// A player at the bundle.
pub(super) struct Session<'a> {
    bundle: &'a Bundle,
    chat: Chat,
    pub(super) screen: Screen<'a>,
    events: Receiver<Event>,
}

impl<'a> Session<'a> {
    pub(super) fn new(bundle: &'a Bundle, chat: Chat, screen: Screen<'a>) -> Result<Self, Error> {
        let events = bundle.telegram().ok_or(Error::RealBot)?.follow();
        Ok(Self { bundle, chat, screen, events })
    }

    /// Does what was typed.
    pub(super) async fn act(&mut self, input: Input) -> Result<Next, Error> {
        match input {
            Input::Say(text) => {
                let update = self.chat.say(&text, self.now());
                self.send(&update).await?;
            }
            Input::Command(Command::Quit) => return Ok(Next::End),
            Input::Command(command) => self.obey(command).await?,
        }
        Ok(Next::GoOn)
    }

    /// What waits to be sent, the next first.
    pub(super) async fn pending(&self) -> store::Result<Vec<Pending>> {
        views::pending(self.view()).await
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        self.bundle.clock().now()
    }

    async fn obey(&mut self, command: Command) -> Result<(), Error> {
        let told = match command {
            Command::Press(choice) => return self.press(&choice).await,
            Command::Tick(span) => return self.tick(span).await,
            Command::Run(job) => return self.run(job).await,
            Command::Memory => views::memory(self.view()).await?,
            Command::Score => views::score(self.view()).await?,
            Command::Prompt => views::prompt(self.view()).await?,
            Command::Status => views::status(self.view()).await?,
            Command::Why => views::why(self.view()).await?,
            Command::Help | Command::Quit => input::HELP.to_owned(),
        };
        Ok(self.screen.told(&told)?)
    }

    async fn press(&mut self, choice: &str) -> Result<(), Error> {
        match self.chat.press(choice, self.now())? {
            Pressed::Update(update) => self.send(&update).await,
            Pressed::Page(page) => Ok(self.screen.told(&format!("Opens {page}"))?),
        }
    }

    async fn tick(&mut self, span: SignedDuration) -> Result<(), Error> {
        let clock = self.bundle.clock();
        clock.advance(span);
        self.screen.told(&format!("{} later: {}.", views::span(span), views::moment(clock.now())))?;
        self.bundle.run_job(job::DELIVER.name, None).await?;
        self.catch_up()?;
        Ok(())
    }

    async fn run(&mut self, job: Job) -> Result<(), Error> {
        let answer = self.bundle.run_job(job.name, None).await?;
        self.screen.told(&result::told(job.name, &answer))?;
        self.catch_up()?;
        Ok(())
    }

    /// Hands an update to the webhook, and shows what she sends while it is worked off.
    async fn send(&mut self, update: &Value) -> Result<(), Error> {
        let bundle = self.bundle;
        let answered = bundle.post_update(update);
        tokio::pin!(answered);
        let mut shown = false;
        loop {
            tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    Ok(event) => shown |= self.show(&event)?,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                },
                outcome = &mut answered => {
                    outcome?;
                    break;
                }
            }
        }
        shown |= self.catch_up()?;
        if shown { Ok(()) } else { Err(Error::NoAnswer) }
    }

    /// Shows what has come in the meantime; whether there was something to read.
    fn catch_up(&mut self) -> io::Result<bool> {
        let mut shown = false;
        loop {
            match self.events.try_recv() {
                Ok(event) => shown |= self.show(&event)?,
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        self.screen.still();
        Ok(shown)
    }

    /// Shows one event of this chat; whether there was something to read.
    fn show(&mut self, event: &Event) -> io::Result<bool> {
        let ours = self.chat.account().telegram_id;
        match event {
            Event::Message(sent) if sent.chat_id == ours => {
                self.screen.message(&sent.text)?;
                if let Some(line) = self.chat.show_markup(sent.message_id, &sent.reply_markup) {
                    self.screen.buttons(&line)?;
                }
                Ok(true)
            }
            Event::Typing { chat_id } if *chat_id == ours => {
                self.screen.typing();
                Ok(false)
            }
            Event::Notice { text, .. } if !text.is_empty() => {
                self.screen.told(text)?;
                Ok(true)
            }
            Event::Buttons { chat_id, message_id, reply_markup } if *chat_id == ours => {
                if let Some(line) = self.chat.change_markup(*message_id, reply_markup) {
                    self.screen.buttons(&line)?;
                }
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    fn view(&self) -> View<'a> {
        View { pool: self.bundle.pool(), telegram_id: self.chat.account().telegram_id, now: self.now() }
    }
}
