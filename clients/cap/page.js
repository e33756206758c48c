import "./wasm.js";
import "@cap.js/widget";
