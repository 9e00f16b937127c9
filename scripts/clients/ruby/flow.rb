# A stranger's program: knows the service only through the client that was generated from its contract.
require 'latchkey'

def client(url, token = nil)
  configuration = Latchkey::Configuration.new
  configuration.scheme, configuration.host = url.split('://')
  configuration.server_index = nil
  configuration.access_token = token
  Latchkey::ApiClient.new(configuration)
end

# Asks who one is and returns the code of the refusal, which every error of the service has.
def refused(url, token)
  # docs: begin
  begin
    Latchkey::AccountApi.new(client(url, token)).get_me
  rescue Latchkey::ApiError => e
    problem = Latchkey::Problem.build_from_hash(JSON.parse(e.response_body, symbolize_names: true))
    return "#{problem.status} #{problem.code}"
  end
  # docs: end
  raise 'a token of an ended session was taken'
end

url, later, username = ARGV
email, password = "#{username}@example.org", 'correct horse battery staple'
# docs: begin
auth = Latchkey::AuthApi.new(client(url))
auth.register(Latchkey::Registration.new(username: username, email: email, password: password))
tokens = auth.login(Latchkey::Credentials.new(identifier: username, password: password))
me = Latchkey::AccountApi.new(client(url, tokens.access_token)).get_me
next_tokens = auth.refresh_session(Latchkey::RefreshTokenBody.new(refresh_token: tokens.refresh_token))
# docs: end
puts "me #{me.username}"
signed_in = client(url, next_tokens.access_token)
puts "sessions #{Latchkey::SessionsApi.new(signed_in).list_my_sessions.items.length}"
change = Latchkey::PasswordChange.new(current_password: password, new_password: 'a quite different phrase')
Latchkey::PasswordsApi.new(signed_in).change_my_password(change)
puts "sessions #{Latchkey::SessionsApi.new(signed_in).list_my_sessions.items.length}"
activity = Latchkey::AccountApi.new(client(later, next_tokens.access_token)).list_my_activity(limit: 1)
puts "action #{activity.items.first.action}"
auth.logout(Latchkey::RefreshTokenBody.new(refresh_token: next_tokens.refresh_token))
puts "refused #{refused(url, next_tokens.access_token)}"
puts "refused #{refused(later, next_tokens.access_token)}"
