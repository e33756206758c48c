//! How the API's description describes settings.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, Object, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
        schema::{AdditionalProperties, SchemaType},
    },
};

use super::{Allowed, AppSettings, Setting, SettingChanges};

impl Setting {
    /// What may stand for it in a query.
    pub(crate) fn schema(self) -> Object {
        self.within_range(self.builder(false)).build()
    }

    fn builder(self, may_be_null: bool) -> ObjectBuilder {
        let of_type = match self.allowed() {
            Allowed::Number(..) => Type::Integer,
            Allowed::YesOrNo => Type::Boolean,
            _ => Type::String,
        };
        let is_number = of_type == Type::Integer;
        let of_type = match may_be_null {
            true => SchemaType::from_iter([of_type, Type::Null]),
            false => SchemaType::Type(of_type),
        };
        let format = is_number.then_some(SchemaFormat::KnownFormat(KnownFormat::Int32));
        ObjectBuilder::new().schema_type(of_type).format(format)
    }

    fn within_range(self, object: ObjectBuilder) -> ObjectBuilder {
        match self.allowed() {
            Allowed::Number(min, max) => object.minimum(Some(min)).maximum(Some(max)),
            Allowed::Word(words) => object.pattern(Some(format!("^({})$", words.join("|")))),
            Allowed::Colour | Allowed::Ground(_) => object.pattern(Some("^(#[0-9A-Fa-f]{6})?$")),
            Allowed::YesOrNo | Allowed::Hostnames | Allowed::Networks => object,
        }
    }
}

impl PartialSchema for AppSettings {
    fn schema() -> RefOr<Schema> {
        let defaults = serde_json::to_value(Self::default()).unwrap_or_default();
        described("How an app's challenges are made and judged. Everything left out has its default.", |setting| {
            let object = setting.builder(false).description(Some(format!("{}.", setting.help())));
            let object = if let Allowed::Number(..) = setting.allowed() { object.minimum(Some(0)) } else { object };
            object.default(defaults.get(setting.name()).cloned())
        })
    }
}

impl PartialSchema for SettingChanges {
    fn schema() -> RefOr<Schema> {
        let description = "The settings that are to change. Their ranges are checked once they are applied.";
        described(description, |setting| {
            let object = setting.within_range(setting.builder(true));
            object.description(Some(setting.help())).default(Some(serde_json::Value::Null))
        })
    }
}

impl ToSchema for AppSettings {
    fn name() -> Cow<'static, str> {
        "AppSettings".into()
    }
}

impl ToSchema for SettingChanges {
    fn name() -> Cow<'static, str> {
        "SettingChanges".into()
    }
}

fn described(description: &str, property: impl Fn(Setting) -> ObjectBuilder) -> RefOr<Schema> {
    let object = Setting::ALL
        .iter()
        .fold(ObjectBuilder::new(), |object, setting| object.property(setting.name(), property(*setting)));
    let object = object.description(Some(description));
    object.additional_properties(Some(AdditionalProperties::FreeForm(false))).into()
}
