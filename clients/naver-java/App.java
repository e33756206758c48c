// As the public references of NAVER's CAPTCHA have it, by HttpURLConnection.
import java.io.BufferedReader;
import java.io.File;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class App {
    static final String BASE = System.getenv("HAECHI");
    static final String CLIENT_ID = System.getenv("SITE_KEY");
    static final boolean IS_CLOUD = "cloud".equals(System.getenv("GENERATION"));
    static String clientSecret = System.getenv("SECRET");

    static HttpURLConnection open(String path) throws Exception {
        return (HttpURLConnection) URI.create(BASE + path).toURL().openConnection();
    }

    static String[] get(String path) throws Exception {
        HttpURLConnection con = open(path);
        con.setRequestMethod("GET");
        con.setRequestProperty(IS_CLOUD ? "X-NCP-APIGW-API-KEY-ID" : "X-Naver-Client-Id", CLIENT_ID);
        con.setRequestProperty(IS_CLOUD ? "X-NCP-APIGW-API-KEY" : "X-Naver-Client-Secret", clientSecret);
        con.setRequestProperty("Content-Type", "application/x-www-form-urlencoded");
        int responseCode = con.getResponseCode();
        BufferedReader br;
        if (responseCode == 200) {
            br = new BufferedReader(new InputStreamReader(con.getInputStream(), "UTF-8"));
        } else {
            br = new BufferedReader(new InputStreamReader(con.getErrorStream(), "UTF-8"));
        }
        String inputLine;
        StringBuffer response = new StringBuffer();
        while ((inputLine = br.readLine()) != null) {
            response.append(inputLine);
        }
        br.close();
        return new String[] {String.valueOf(responseCode), response.toString()};
    }

    static String issue(String address) throws Exception {
        Matcher matcher = Pattern.compile("\"key\":\"(\\w+)\"").matcher(get(address + "?code=0")[1]);
        matcher.find();
        return matcher.group(1);
    }

    static void save(String media, String key, String name) throws Exception {
        // As a page's <img> or <audio> does, without the secret.
        HttpURLConnection con = open(media + "?key=" + key + (IS_CLOUD ? "&X-NCP-APIGW-API-KEY-ID=" + CLIENT_ID : ""));
        InputStream is = con.getInputStream();
        OutputStream outputStream = new FileOutputStream(new File(System.getenv("FOLDER"), name));
        int read = 0;
        byte[] bytes = new byte[1024];
        while ((read = is.read(bytes)) != -1) {
            outputStream.write(bytes, 0, read);
        }
        outputStream.close();
        is.close();
    }

    static String[] judge(String address, String key, String value) throws Exception {
        return get(address + "?code=1&key=" + key + "&value=" + URLEncoder.encode(value, "UTF-8"));
    }

    static void say(String what, String[] reply) {
        String body = reply[1].replace("\\", "\\\\").replace("\"", "\\\"");
        System.out.println("{\"what\":\"" + what + "\",\"status\":" + reply[0] + ",\"body\":\"" + body + "\"}");
    }

    static void tryOut(String kind, String address, String media, String name) throws Exception {
        String key = issue(address);
        save(media, key, name);
        say(kind + " right", judge(address, key, "TEST5"));
        say(kind + " again", judge(address, key, "TEST5"));
        say(kind + " wrong", judge(address, issue(address), "WRONG"));
    }

    public static void main(String[] args) throws Exception {
        String nkey = IS_CLOUD ? "/captcha/v1/nkey" : "/v1/captcha/nkey";
        String skey = IS_CLOUD ? "/scaptcha/v1/skey" : "/v1/captcha/skey";
        tryOut("picture", nkey, IS_CLOUD ? "/captcha-bin/v1/ncaptcha" : "/v1/captcha/ncaptcha.bin", "captcha.jpg");
        tryOut("sound", skey, IS_CLOUD ? "/scaptcha-bin/v1/scaptcha" : "/v1/captcha/scaptcha", "captcha.wav");
        clientSecret = "wrong";
        say("stranger", get(nkey + "?code=0"));
    }
}
