//! Accounts, as the stand-in of identity answers them.

use observe_proto::identity::v1 as identity;
use observe_proto::identity::v1::account_service_server::AccountService;
use tonic::{Request, Response, Status};

use super::{Identity, SESSION, not_here};

#[tonic::async_trait]
impl AccountService for Identity {
    async fn sign_in(
        &self,
        request: Request<identity::SignInRequest>,
    ) -> Result<Response<identity::SignInResponse>, Status> {
        self.note(&request)?;
        let user =
            identity::User { email: request.into_inner().email, ..identity::User::default() };
        let session_token = SESSION.to_owned();
        Ok(Response::new(identity::SignInResponse {
            session_token,
            expire_time: None,
            user: Some(user),
        }))
    }

    async fn sign_out(
        &self,
        request: Request<identity::SignOutRequest>,
    ) -> Result<Response<identity::SignOutResponse>, Status> {
        self.note(&request)?;
        self.revoke(SESSION);
        Ok(Response::new(identity::SignOutResponse {}))
    }

    async fn get_me(
        &self,
        request: Request<identity::GetMeRequest>,
    ) -> Result<Response<identity::GetMeResponse>, Status> {
        self.note(&request)?;
        Ok(Response::new(identity::GetMeResponse::default()))
    }

    async fn get_setup(
        &self,
        _: Request<identity::GetSetupRequest>,
    ) -> Result<Response<identity::GetSetupResponse>, Status> {
        not_here()
    }

    async fn sign_up(
        &self,
        _: Request<identity::SignUpRequest>,
    ) -> Result<Response<identity::SignUpResponse>, Status> {
        not_here()
    }

    async fn update_me(
        &self,
        _: Request<identity::UpdateMeRequest>,
    ) -> Result<Response<identity::UpdateMeResponse>, Status> {
        not_here()
    }

    async fn change_password(
        &self,
        _: Request<identity::ChangePasswordRequest>,
    ) -> Result<Response<identity::ChangePasswordResponse>, Status> {
        not_here()
    }

    async fn list_sessions(
        &self,
        _: Request<identity::ListSessionsRequest>,
    ) -> Result<Response<identity::ListSessionsResponse>, Status> {
        not_here()
    }

    async fn revoke_session(
        &self,
        _: Request<identity::RevokeSessionRequest>,
    ) -> Result<Response<identity::RevokeSessionResponse>, Status> {
        not_here()
    }
}
