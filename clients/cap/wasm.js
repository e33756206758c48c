// Before the widget, which asks for it at once.
window.CAP_CUSTOM_WASM_URL = "/cap.wasm";
