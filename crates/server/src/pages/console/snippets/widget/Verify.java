// Java 11 or later, with nothing to install. The token is the form's parameter haechi-response.
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

public class Verify {
    private final HttpClient client = HttpClient.newHttpClient();

    /** Whether a person passed the challenge. A token counts once. Without a verdict nothing has passed. */
    public boolean isPerson(String token) throws InterruptedException {
        String form = "secret=" + System.getenv("HAECHI_SECRET")
            + "&response=" + URLEncoder.encode(token, StandardCharsets.UTF_8);
        HttpRequest request = HttpRequest.newBuilder(URI.create("{host}/siteverify"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .timeout(Duration.ofSeconds(10))
            .build();
        try {
            return client.send(request, BodyHandlers.ofString()).body().contains("\"success\":true");
        } catch (IOException fault) {
            System.err.println("haechi gave no verdict: " + fault);
            return false;
        }
    }
}
