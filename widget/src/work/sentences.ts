import type { Language } from "../language";
import type { Words } from "./puzzle";

/** With places for numbers of seconds. */
export interface Sentences extends Words {
  /** How long it takes, probably and at most. */
  begun: string;
  /** How long it takes at most from now on. */
  left: string;
  half: string;
}

export const SENTENCES: Record<Language, Sentences> = {
  en: {
    task: "Your device works instead",
    back: "Back to letters and digits",
    wait: "Your answer is sent as soon as your device has finished working.",
    begun: "This takes about {} seconds, at most {}. You need do nothing.",
    left: "At most {} more seconds.",
    half: "Half of the time is over. At most {} more seconds.",
  },
  ko: {
    task: "읽거나 듣는 대신 이 기기가 계산합니다",
    back: "보안문자 입력으로 돌아가기",
    wait: "기기가 계산을 마치면 답을 바로 보냅니다.",
    begun: "약 {}초, 길면 {}초 걸립니다. 그대로 기다려 주세요.",
    left: "길면 {}초 더 걸립니다.",
    half: "절반이 지났습니다. 길면 {}초 더 걸립니다.",
  },
  ja: {
    task: "読み取りの代わりに、この端末が計算します",
    back: "英数字の入力に戻る",
    wait: "端末の計算が終わりしだい、答えを送信します。",
    begun: "約 {} 秒、長くても {} 秒ほどで終わります。そのままお待ちください。",
    left: "あと最長 {} 秒です。",
    half: "半分過ぎました。あと最長 {} 秒です。",
  },
  zh: {
    task: "无需看或听，由您的设备进行计算",
    back: "返回输入字母和数字",
    wait: "设备计算完成后将立即提交您的答案。",
    begun: "大约需要 {} 秒，最多 {} 秒。请稍候，无需操作。",
    left: "最多还需 {} 秒。",
    half: "时间已过半，最多还需 {} 秒。",
  },
};
