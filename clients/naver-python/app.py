# As the public references of NAVER's CAPTCHA have it, by urllib.
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

BASE = os.environ["HAECHI"]  # https://naveropenapi.apigw.ntruss.com or https://openapi.naver.com
CLIENT_ID = os.environ["SITE_KEY"]
CLIENT_SECRET = os.environ["SECRET"]
FOLDER = os.environ["FOLDER"]

if os.environ["GENERATION"] == "cloud":
    HEADERS = {"X-NCP-APIGW-API-KEY-ID": CLIENT_ID, "X-NCP-APIGW-API-KEY": CLIENT_SECRET}
    NKEY, NCAPTCHA = "/captcha/v1/nkey", "/captcha-bin/v1/ncaptcha"
    SKEY, SCAPTCHA = "/scaptcha/v1/skey", "/scaptcha-bin/v1/scaptcha"
    MEDIA = "&X-NCP-APIGW-API-KEY-ID=" + CLIENT_ID
else:
    HEADERS = {"X-Naver-Client-Id": CLIENT_ID, "X-Naver-Client-Secret": CLIENT_SECRET}
    NKEY, NCAPTCHA = "/v1/captcha/nkey", "/v1/captcha/ncaptcha.bin"
    SKEY, SCAPTCHA = "/v1/captcha/skey", "/v1/captcha/scaptcha"
    MEDIA = ""


def get(path):
    request = urllib.request.Request(BASE + path)
    for name, value in HEADERS.items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request) as response:
            return response.getcode(), response.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8")


def issue(path):
    return re.search(r'"key":"(\w+)"', get(path + "?code=0")[1]).group(1)


def save(path, key, name):
    # As a page's <img> or <audio> does, without the secret.
    with urllib.request.urlopen(BASE + path + "?key=" + key + MEDIA) as response:
        with open(os.path.join(FOLDER, name), "wb") as file:
            file.write(response.read())


def judge(path, key, value):
    return get(path + "?code=1&key=" + key + "&value=" + urllib.parse.quote(value))


def say(what, replied):
    status, body = replied
    print(json.dumps({"what": what, "status": status, "body": body}))


for kind, address, media, name in [("picture", NKEY, NCAPTCHA, "captcha.jpg"), ("sound", SKEY, SCAPTCHA, "captcha.wav")]:
    key = issue(address)
    save(media, key, name)
    say(kind + " right", judge(address, key, "TEST5"))
    say(kind + " again", judge(address, key, "TEST5"))
    say(kind + " wrong", judge(address, issue(address), "WRONG"))
HEADERS = {name: "wrong" for name in HEADERS}
say("stranger", get(NKEY + "?code=0"))
