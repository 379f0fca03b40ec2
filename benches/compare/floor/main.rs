//! The floor: the upstream calls of an answer, fired bare and decoded, without anything else.
//!
//! `FLOOR_TOKEN=… floor PLAN.json` fires the plan once for each line on stdin, over one pool of
//! connections, and says on stdout how many calls and bytes that was. A call is sent as soon as
//! those it waited for when the plan was recorded are answered, and as soon as fewer than eight
//! calls to its service are under way, which is the bound that the server keeps too. Answers are
//! decoded as a client written for the question would: rows with the fields that are joined on or
//! shown, the rest skipped.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::{Semaphore, watch};

/// Calls under way at a time against one service, as in `src/cloud/request.rs`.
const PARALLEL_CALLS: usize = 8;

/// One call of the plan.
#[derive(Deserialize)]
struct Call {
    url: String,
    service: String,
    /// The header `OpenStack-API-Version`.
    microversion: Option<String>,
    /// Places in the plan of the calls it waits for.
    after: Vec<usize>,
}

/// A row of any list: what the questions join on or show.
#[derive(Deserialize)]
#[expect(dead_code, reason = "decoding them is the work that is measured")]
struct Row {
    id: Option<Text>,
    name: Option<Text>,
    status: Option<Text>,
    created: Option<Text>,
    project_id: Option<Text>,
    tenant_id: Option<Text>,
    user_id: Option<Text>,
    image: Option<Reference>,
    flavor: Option<Reference>,
    #[serde(rename = "OS-EXT-SRV-ATTR:host")]
    host: Option<Text>,
    #[serde(rename = "OS-EXT-SRV-ATTR:hypervisor_hostname")]
    hypervisor: Option<Text>,
    hypervisor_hostname: Option<Text>,
    device_id: Option<Text>,
    network_id: Option<Text>,
    mac_address: Option<Text>,
    port_id: Option<Text>,
    floating_ip_address: Option<Text>,
    fixed_ips: Option<Vec<FixedIp>>,
    size: Option<Number>,
    attachments: Option<Vec<Attachment>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoding them is the work that is measured")]
struct FixedIp {
    subnet_id: Option<Text>,
    ip_address: Option<Text>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoding them is the work that is measured")]
struct Attachment {
    server_id: Option<Text>,
    device: Option<Text>,
}

/// A string; services put other things in its place now and then, which are skipped.
struct Text(#[expect(dead_code, reason = "as above")] Option<Box<str>>);

/// A number, in the same way.
struct Number(#[expect(dead_code, reason = "as above")] Option<i64>);

/// An object that is named by its id.
struct Reference(#[expect(dead_code, reason = "as above")] Option<Text>);

struct Lenient<T>(std::marker::PhantomData<T>);

/// What a lenient value is made of.
trait Made: Sized {
    const NOTHING: Self;
    fn of_text(_: &str) -> Self {
        Self::NOTHING
    }
    fn of_number(_: i64) -> Self {
        Self::NOTHING
    }
    fn of_id(_: Option<Text>) -> Self {
        Self::NOTHING
    }
}

impl Made for Text {
    const NOTHING: Self = Self(None);
    fn of_text(text: &str) -> Self {
        Self(Some(text.into()))
    }
}

impl Made for Number {
    const NOTHING: Self = Self(None);
    fn of_number(number: i64) -> Self {
        Self(Some(number))
    }
}

impl Made for Reference {
    const NOTHING: Self = Self(None);
    fn of_id(id: Option<Text>) -> Self {
        Self(id)
    }
}

impl<'de, T: Made> Visitor<'de> for Lenient<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::of_text(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<T, E> {
        Ok(T::of_number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(i64::try_from(number).map_or(T::NOTHING, T::of_number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::NOTHING)
    }

    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::NOTHING)
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::NOTHING)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::NOTHING)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<T, A::Error> {
        let mut id = None;
        while let Some(key) = entries.next_key::<Key>()? {
            if matches!(key, Key::Id) {
                id = Some(entries.next_value()?);
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(T::of_id(id))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    Id,
    #[serde(other)]
    Other,
}

macro_rules! lenient {
    ($($made:ty),*) => {$(
        impl<'de> Deserialize<'de> for $made {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Lenient(std::marker::PhantomData))
            }
        }
    )*};
}
lenient!(Text, Number, Reference);

/// A value at the top of an answer: a list of rows, or something else.
struct Top(Vec<Row>);

impl<'de> Deserialize<'de> for Top {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows;
        impl<'de> Visitor<'de> for Rows {
            type Value = Top;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("anything")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Top, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = items.next_element()? {
                    rows.push(row);
                }
                Ok(Top(rows))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Top, A::Error> {
                while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Top(Vec::new()))
            }

            fn visit_str<E>(self, _: &str) -> Result<Top, E> {
                Ok(Top(Vec::new()))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Top, E> {
                Ok(Top(Vec::new()))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Top, E> {
                Ok(Top(Vec::new()))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Top, E> {
                Ok(Top(Vec::new()))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Top, E> {
                Ok(Top(Vec::new()))
            }

            fn visit_unit<E>(self) -> Result<Top, E> {
                Ok(Top(Vec::new()))
            }
        }
        deserializer.deserialize_any(Rows)
    }
}

/// Rows kept until the whole plan is through, as a join would.
fn decode(body: &[u8]) -> Result<HashMap<String, Top>> {
    Ok(serde_json::from_slice(body)?)
}

struct Floor {
    client: reqwest::Client,
    token: String,
    plan: Vec<Call>,
    bounds: HashMap<String, Semaphore>,
}

impl Floor {
    fn new(plan: Vec<Call>, token: String) -> Result<Self> {
        let services = plan.iter().map(|call| call.service.clone());
        let bounds = services.map(|service| (service, Semaphore::new(PARALLEL_CALLS)));
        Ok(Self {
            client: reqwest::Client::builder().no_proxy().build()?,
            token,
            bounds: bounds.collect(),
            plan,
        })
    }

    /// Fires the whole plan; how many bytes and rows that was, and how many answers were none that
    /// could be decoded.
    async fn fire(self: &Arc<Self>) -> Result<(usize, usize, usize)> {
        let (done, _) = watch::channel(vec![false; self.plan.len()]);
        let done = Arc::new(done);
        let calls = (0..self.plan.len()).map(|place| {
            let floor = self.clone();
            let done = done.clone();
            tokio::spawn(async move {
                let answered = floor.call(place, &done).await;
                done.send_modify(|done| done[place] = true);
                answered
            })
        });
        let answers = try_join_all(calls).await?;
        let mut bytes = 0;
        let mut kept = Vec::new();
        for answer in answers {
            let (length, rows) = answer?;
            bytes += length;
            kept.push(rows);
        }
        let undecoded = kept.iter().filter(|rows| rows.is_none()).count();
        let tops = kept.iter().flatten().flat_map(HashMap::values);
        Ok((bytes, tops.map(|top| top.0.len()).sum(), undecoded))
    }

    async fn call(
        &self,
        place: usize,
        done: &watch::Sender<Vec<bool>>,
    ) -> Result<(usize, Option<HashMap<String, Top>>)> {
        let call = &self.plan[place];
        if !call.after.is_empty() {
            let mut seen = done.subscribe();
            seen.wait_for(|done| call.after.iter().all(|earlier| done[*earlier]))
                .await?;
        }
        let bound = self.bounds.get(&call.service).context("no such service")?;
        let permit = bound.acquire().await?;
        let mut request = self
            .client
            .get(&call.url)
            .header("X-Auth-Token", &self.token);
        if let Some(version) = &call.microversion {
            request = request.header("OpenStack-API-Version", version);
        }
        let response = request.send().await?;
        if response.status().is_server_error() || response.status().as_u16() == 401 {
            bail!("{} {}", call.url, response.status());
        }
        let body = response.bytes().await?;
        drop(permit);
        Ok((body.len(), decode(&body).ok()))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("floor PLAN.json")?;
    let plan = serde_json::from_slice(&std::fs::read(&path).context(path)?)?;
    let token = std::env::var("FLOOR_TOKEN").context("FLOOR_TOKEN")?;
    let floor = Arc::new(Floor::new(plan, token)?);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut stdout = tokio::io::stdout();
    while lines.next_line().await?.is_some() {
        let (bytes, rows, undecoded) = floor.fire().await?;
        let told = json!({"bytes": bytes, "rows": rows, "undecoded": undecoded}).to_string() + "\n";
        stdout.write_all(told.as_bytes()).await?;
        stdout.flush().await?;
    }
    Ok(())
}
