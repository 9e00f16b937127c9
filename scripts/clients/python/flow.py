"""A stranger's program: knows the service only through the client that was generated from its contract."""
import sys

from latchkey_client import (
    AccountApi, ApiClient, ApiException, AuthApi, Configuration, Credentials, PasswordChange, PasswordsApi, Problem,
    RefreshTokenBody, Registration, SessionsApi,
)


def client(url, token=None):
    return ApiClient(Configuration(host=url, access_token=token))


def refused(url, token):
    """Asks who one is and returns the code of the refusal, which every error of the service has."""
    # docs: begin
    try:
        AccountApi(client(url, token)).get_me()
    except ApiException as error:
        problem = Problem.from_json(error.body)
        return f"{problem.status} {problem.code}"
    # docs: end
    raise AssertionError("a token of an ended session was taken")


url, later, username = sys.argv[1:]
email, password = f"{username}@example.org", "correct horse battery staple"
# docs: begin
auth = AuthApi(client(url))
auth.register(Registration(username=username, email=email, password=password))
tokens = auth.login(Credentials(identifier=username, password=password))
me = AccountApi(client(url, tokens.access_token)).get_me()
next_tokens = auth.refresh_session(RefreshTokenBody(refresh_token=tokens.refresh_token))
# docs: end
print("me", me.username)
signed_in = client(url, next_tokens.access_token)
print("sessions", len(SessionsApi(signed_in).list_my_sessions().items))
change = PasswordChange(current_password=password, new_password="a quite different phrase")
PasswordsApi(signed_in).change_my_password(change)
print("sessions", len(SessionsApi(signed_in).list_my_sessions().items))
print("action", AccountApi(client(later, next_tokens.access_token)).list_my_activity(limit=1).items[0].action)
auth.logout(RefreshTokenBody(refresh_token=next_tokens.refresh_token))
print("refused", refused(url, next_tokens.access_token))
print("refused", refused(later, next_tokens.access_token))
