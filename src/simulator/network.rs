use http::StatusCode;

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::world::World;

pub(crate) fn read(_world: &World, call: &Call) -> Answer {
    call.token()?;
    Err(Reply::empty(StatusCode::NOT_FOUND))
}

pub(crate) fn write(_world: &mut World, call: &Call) -> Answer {
    call.token()?;
    Err(Reply::empty(StatusCode::METHOD_NOT_ALLOWED))
}
