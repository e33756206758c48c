// Java 11 or later, with nothing to install. In Spring: @Bean Captcha captcha() { return new Captcha(); }
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Captcha {
    private static final Pattern KEY = Pattern.compile("\"key\":\\s*\"([^\"]+)\"");
    private static final Pattern RIGHT = Pattern.compile("\"resultCode\":\\s*0\\b");
    private final HttpClient client = HttpClient.newHttpClient();
    private final String calls = "{host}/captcha/v1.0/appkeys/" + System.getenv("HAECHI_APPKEY") + "/keys";

    /** The key of a new challenge in the language of the page with the form. */
    public String issue() throws IOException, InterruptedException {
        String reply = call("POST", "?lang={lang}");
        Matcher key = KEY.matcher(reply);
        if (!key.find()) {
            throw new IOException("no challenge was issued: " + reply);
        }
        return key.group(1);
    }

    /** Whether what was typed is right. A key passes once. Without a verdict nothing has passed. */
    public boolean isRight(String key, String answer) throws InterruptedException {
        try {
            return RIGHT.matcher(call("GET", "/" + encode(key) + "/verification?answer=" + encode(answer))).find();
        } catch (IOException fault) {
            System.err.println("haechi gave no verdict: " + fault);
            return false;
        }
    }

    private String call(String method, String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(calls + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .timeout(Duration.ofSeconds(10))
            .build();
        return client.send(request, BodyHandlers.ofString()).body();
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
