import type { Language } from "./language";

export interface Texts {
  /** What the bar's button says, in each state. */
  ready: string;
  checking: string;
  passed: string;
  expired: string;
  refused: string;
  busy: string;
  unreachable: string;
  broken: string;
  /** What to do, before and after the number of characters is known. */
  task: string;
  countedTask: string;
  loading: string;
  picture: string;
  play: string;
  pause: string;
  slower: string;
  renew: string;
  check: string;
  close: string;
  hint: string;
  /** What has become of the challenge. */
  fresh: string;
  wrong: string;
  late: string;
  soon: string;
  empty: string;
  silent: string;
  unseen: string;
}

/** The text with a number in it. */
export function counted(text: string, number: number): string {
  return text.replace("{}", String(number));
}

const ENGLISH: Texts = {
  ready: "I am a person",
  checking: "Checking…",
  passed: "Verified",
  expired: "Time is up. Please verify again.",
  refused: "Too many requests. Trying again in {} s.",
  busy: "The server is busy. Trying again in {} s.",
  unreachable: "No connection. Trying again…",
  broken: "Not available: a fault in this site's setup.",
  task: "Type the letters and digits you see or hear",
  countedTask: "Type the {} letters and digits you see or hear",
  loading: "Loading the picture",
  picture: "A picture of {} distorted letters and digits. The sound says the same ones.",
  play: "Listen",
  pause: "Pause",
  slower: "Slower",
  renew: "New one",
  check: "Check",
  close: "Close",
  hint: "Case does not matter. Keys: full stop to listen, comma back, slash forward.",
  fresh: "Here is a new challenge.",
  wrong: "Wrong. Here is a new challenge.",
  late: "Time is up. Here is a new challenge.",
  soon: "A new challenge comes in {} seconds.",
  empty: "Please type the letters and digits first.",
  silent: "The sound cannot be played. Please try a new one.",
  unseen: "The picture cannot be shown. Please try a new one.",
};

const KOREAN: Texts = {
  ready: "사람인지 확인하기",
  checking: "확인하고 있습니다…",
  passed: "확인되었습니다",
  expired: "시간이 지났습니다. 다시 확인해 주세요.",
  refused: "요청이 너무 많습니다. {}초 뒤에 다시 시도합니다.",
  busy: "서버가 혼잡합니다. {}초 뒤에 다시 시도합니다.",
  unreachable: "서버에 연결할 수 없습니다. 다시 시도하고 있습니다…",
  broken: "사이트 설정에 문제가 있어 확인할 수 없습니다.",
  task: "이미지에 보이거나 음성으로 들리는 영문자와 숫자를 입력해 주세요",
  countedTask: "이미지에 보이거나 음성으로 들리는 영문자와 숫자 {}자를 입력해 주세요",
  loading: "이미지를 불러오고 있습니다",
  picture: "왜곡된 영문자와 숫자 {}자가 있는 이미지입니다. 같은 내용을 음성으로도 들을 수 있습니다.",
  play: "듣기",
  pause: "일시정지",
  slower: "느리게",
  renew: "새 보안문자",
  check: "확인",
  close: "닫기",
  hint: "대소문자·한/영 구분 없이 입력하세요. 마침표 키로 듣고, 쉼표 키로 되감고, 슬래시 키로 건너뜁니다.",
  fresh: "새 보안문자입니다.",
  wrong: "입력한 내용이 맞지 않습니다. 새 보안문자를 준비했습니다.",
  late: "시간이 지나 새 보안문자로 바꾸었습니다.",
  soon: "{}초 뒤에 새 보안문자로 바뀝니다.",
  empty: "영문자와 숫자를 먼저 입력해 주세요.",
  silent: "음성을 재생할 수 없습니다. 새 보안문자로 시도해 주세요.",
  unseen: "이미지를 표시할 수 없습니다. 새 보안문자로 시도해 주세요.",
};

const JAPANESE: Texts = {
  ready: "人間であることを確認",
  checking: "確認しています…",
  passed: "確認できました",
  expired: "期限が切れました。もう一度確認してください。",
  refused: "リクエストが多すぎます。{} 秒後に再試行します。",
  busy: "混み合っています。{} 秒後に再試行します。",
  unreachable: "サーバーに接続できません。再試行しています…",
  broken: "サイトの設定に問題があり、確認できません。",
  task: "画像または音声の英数字を入力してください",
  countedTask: "画像または音声の英数字 {} 文字を入力してください",
  loading: "画像を読み込んでいます",
  picture: "ゆがんだ英数字 {} 文字の画像です。同じ内容を音声でも聞けます。",
  play: "聞く",
  pause: "一時停止",
  slower: "ゆっくり",
  renew: "更新",
  check: "確認",
  close: "閉じる",
  hint: "大小文字は区別しません。ピリオドで再生、コンマで戻る、スラッシュで進む。",
  fresh: "新しい問題です。",
  wrong: "答えが違います。新しい問題を用意しました。",
  late: "期限が切れたため、新しい問題に替えました。",
  soon: "{} 秒後に新しい問題に替わります。",
  empty: "先に英数字を入力してください。",
  silent: "音声を再生できません。更新してお試しください。",
  unseen: "画像を表示できません。更新してお試しください。",
};

const CHINESE: Texts = {
  ready: "确认我是真人",
  checking: "正在检查…",
  passed: "验证成功",
  expired: "验证已过期，请重新验证。",
  refused: "请求过于频繁，{} 秒后重试。",
  busy: "服务器繁忙，{} 秒后重试。",
  unreachable: "无法连接服务器，正在重试…",
  broken: "网站设置有误，无法验证。",
  task: "请输入图片中看到或语音中听到的字母和数字",
  countedTask: "请输入图片中看到或语音中听到的 {} 个字母和数字",
  loading: "正在加载图片",
  picture: "一张含有 {} 个变形字母和数字的图片。语音会读出相同的内容。",
  play: "收听",
  pause: "暂停",
  slower: "慢速",
  renew: "换一题",
  check: "提交",
  close: "关闭",
  hint: "不区分大小写。输入时按句点播放或暂停，按逗号后退，按斜杠前进。",
  fresh: "这是新题目。",
  wrong: "答案不对，已换成新题目。",
  late: "题目已过期，已换成新题目。",
  soon: "{} 秒后将换成新题目。",
  empty: "请先输入字母和数字。",
  silent: "无法播放语音，请换一题再试。",
  unseen: "无法显示图片，请换一题再试。",
};

export const TEXTS: Record<Language, Texts> = { ko: KOREAN, en: ENGLISH, ja: JAPANESE, zh: CHINESE };
