//! Enums whose variants have a name of their own in addresses and records, of which none can be forgotten.

/// Makes an enum with the code of each variant, and finds a variant by its code.
macro_rules! codes {
    ($(#[$about:meta])* $visible:vis enum $Name:ident { $($Variant:ident = $code:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visible enum $Name { $($Variant,)+ }

        impl $Name {
            $visible const fn code(self) -> &'static str {
                match self { $(Self::$Variant => $code,)+ }
            }

            $visible fn of_code(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$Variant),)+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use codes;
