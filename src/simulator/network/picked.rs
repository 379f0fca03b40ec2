//! A view of which only some fields are written.

use serde::ser::{Error, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};

/// A view, with the fields to be written; all when none is named.
pub(super) struct Picked<'a, V> {
    view: V,
    fields: &'a [&'a str],
}

impl<'a, V> Picked<'a, V> {
    pub(super) fn new(view: V, fields: &'a [&'a str]) -> Self {
        Self { view, fields }
    }
}

impl<V: Serialize> Serialize for Picked<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.fields.is_empty() {
            return self.view.serialize(serializer);
        }
        self.view.serialize(Picker {
            serializer,
            fields: self.fields,
        })
    }
}

/// Writes a struct as a map of some of its fields, and nothing but structs.
struct Picker<'a, S> {
    serializer: S,
    fields: &'a [&'a str],
}

struct PickedStruct<'a, M> {
    map: M,
    fields: &'a [&'a str],
}

impl<M: SerializeMap> SerializeStruct for PickedStruct<'_, M> {
    type Ok = M::Ok;
    type Error = M::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        if self.fields.contains(&key) {
            self.map.serialize_entry(key, value)?;
        }
        Ok(())
    }

    fn end(self) -> Result<M::Ok, M::Error> {
        self.map.end()
    }
}

/// Refuses what is no struct.
macro_rules! refuse {
    ($($method:ident($($argument:ty),*)),* $(,)?) => {
        $(fn $method(self, $(_: $argument),*) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("only structs have fields"))
        })*
    };
}

impl<'a, S: Serializer> Serializer for Picker<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Impossible<S::Ok, S::Error>;
    type SerializeTuple = Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = Impossible<S::Ok, S::Error>;
    type SerializeStruct = PickedStruct<'a, S::SerializeMap>;
    type SerializeStructVariant = Impossible<S::Ok, S::Error>;

    refuse! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32),
        serialize_i64(i64), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32),
        serialize_u64(u64), serialize_f32(f32), serialize_f64(f64), serialize_char(char),
        serialize_str(&str), serialize_bytes(&[u8]), serialize_none(), serialize_unit(),
        serialize_unit_struct(&'static str),
        serialize_unit_variant(&'static str, u32, &'static str),
    }

    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        Ok(PickedStruct {
            map: self.serializer.serialize_map(None)?,
            fields: self.fields,
        })
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        Err(S::Error::custom("only structs have fields"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, S::Error> {
        Err(S::Error::custom("only structs have fields"))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        Err(S::Error::custom("only structs have fields"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        Err(S::Error::custom("only structs have fields"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        Err(S::Error::custom("only structs have fields"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        Err(S::Error::custom("only structs have fields"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::Picked;

    #[derive(Serialize)]
    struct View {
        id: u8,
        #[serde(rename = "router:external")]
        external: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        host: Option<&'static str>,
    }

    #[test]
    fn only_what_is_asked_for_and_is_there_is_written() {
        let written = |fields: &[&str]| {
            let view = View {
                id: 1,
                external: true,
                host: None,
            };
            serde_json::to_string(&Picked::new(view, fields)).unwrap()
        };
        assert_eq!(written(&[]), r#"{"id":1,"router:external":true}"#);
        assert_eq!(
            written(&["router:external", "host"]),
            r#"{"router:external":true}"#
        );
        assert_eq!(written(&["bogus"]), "{}");
    }
}
