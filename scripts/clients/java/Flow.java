import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AccountApi;
import org.openapitools.client.api.AuthApi;
import org.openapitools.client.api.PasswordsApi;
import org.openapitools.client.api.SessionsApi;
import org.openapitools.client.model.*;

/** A stranger's program: knows the service only through the client that was generated from its contract. */
class Flow {
  static ApiClient client(String url, String token) {
    var client = new ApiClient();
    client.updateBaseUri(url);
    if (token != null) client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
    return client;
  }

  /** Asks who one is and returns the code of the refusal, which every error of the service has. */
  static String refused(String url, String token) throws Exception {
    // docs: begin
    try {
      new AccountApi(client(url, token)).getMe();
    } catch (ApiException error) {
      var problem = client(url, null).getObjectMapper().readValue(error.getResponseBody(), Problem.class);
      return problem.getStatus() + " " + problem.getCode();
    }
    // docs: end
    throw new IllegalStateException("a token of an ended session was taken");
  }

  public static void main(String[] args) throws Exception {
    String url = args[0], later = args[1], username = args[2];
    String email = username + "@example.org", password = "correct horse battery staple";
    // docs: begin
    var auth = new AuthApi(client(url, null));
    auth.register(new Registration().username(username).email(email).password(password), null);
    var tokens = auth.login(new Credentials().identifier(username).password(password), null, null);
    var me = new AccountApi(client(url, tokens.getAccessToken())).getMe();
    var next = auth.refreshSession(new RefreshTokenBody().refreshToken(tokens.getRefreshToken()));
    // docs: end
    System.out.println("me " + me.getUsername());
    var signedIn = client(url, next.getAccessToken());
    System.out.println("sessions " + new SessionsApi(signedIn).listMySessions(null, null).getItems().size());
    var change = new PasswordChange().currentPassword(password).newPassword("a quite different phrase");
    new PasswordsApi(signedIn).changeMyPassword(change);
    System.out.println("sessions " + new SessionsApi(signedIn).listMySessions(null, null).getItems().size());
    var activity = new AccountApi(client(later, next.getAccessToken())).listMyActivity(1, null);
    System.out.println("action " + activity.getItems().get(0).getAction());
    auth.logout(new RefreshTokenBody().refreshToken(next.getRefreshToken()));
    System.out.println("refused " + refused(url, next.getAccessToken()));
    System.out.println("refused " + refused(later, next.getAccessToken()));
  }
}
