// A stranger's program: knows the service only through the client that was generated from its contract.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	latchkey "github.com/latchkey/client"
)

func client(url string) *latchkey.APIClient {
	configuration := latchkey.NewConfiguration()
	configuration.Servers = latchkey.ServerConfigurations{{URL: url}}
	return latchkey.NewAPIClient(configuration)
}

func as(token string) context.Context {
	return context.WithValue(context.Background(), latchkey.ContextAccessToken, token)
}

// refused asks who one is and returns the code of the refusal, which every error of the service has.
func refused(url string, token string) string {
	// docs: begin
	_, _, err := client(url).AccountAPI.GetMe(as(token)).Execute()
	var refusal *latchkey.GenericOpenAPIError
	if errors.As(err, &refusal) {
		var problem latchkey.Problem
		if err := json.Unmarshal(refusal.Body(), &problem); err != nil {
			panic(err)
		}
		return fmt.Sprint(problem.Status, " ", problem.Code)
	}
	// docs: end
	panic("a token of an ended session was taken")
}

// must returns what a call answered with, or ends the program.
func must[T any, R any](answer T, _ R, err error) T {
	if err != nil {
		panic(err)
	}
	return answer
}

func main() {
	url, later, username := os.Args[1], os.Args[2], os.Args[3]
	email, password := username+"@example.org", "correct horse battery staple"
	// docs: begin
	api, nobody := client(url), context.Background()
	must(api.AuthAPI.Register(nobody).Registration(*latchkey.NewRegistration(username, email, password)).Execute())
	tokens := must(api.AuthAPI.Login(nobody).Credentials(*latchkey.NewCredentials(username, password)).Execute())
	me := must(api.AccountAPI.GetMe(as(tokens.AccessToken)).Execute())
	refresh := *latchkey.NewRefreshTokenBody(tokens.RefreshToken)
	next := must(api.AuthAPI.RefreshSession(nobody).RefreshTokenBody(refresh).Execute())
	// docs: end
	fmt.Println("me", me.GetUsername())
	signedIn := as(next.AccessToken)
	fmt.Println("sessions", len(must(api.SessionsAPI.ListMySessions(signedIn).Execute()).Items))
	change := *latchkey.NewPasswordChange(password, "a quite different phrase")
	if _, err := api.PasswordsAPI.ChangeMyPassword(signedIn).PasswordChange(change).Execute(); err != nil {
		panic(err)
	}
	fmt.Println("sessions", len(must(api.SessionsAPI.ListMySessions(signedIn).Execute()).Items))
	activity := must(client(later).AccountAPI.ListMyActivity(signedIn).Limit(1).Execute())
	fmt.Println("action", activity.Items[0].Action)
	must(api.AuthAPI.Logout(nobody).RefreshTokenBody(*latchkey.NewRefreshTokenBody(next.RefreshToken)).Execute())
	fmt.Println("refused", refused(url, next.AccessToken))
	fmt.Println("refused", refused(later, next.AccessToken))
}
