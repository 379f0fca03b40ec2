//! The MCP server: lists the tools and runs them, for both generations of the protocol.

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, GetPromptRequestParams, GetPromptResponse,
    Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams,
    ReadResourceResponse, ServerCapabilities, ServerConfig, SetLevelRequestMethod,
    Tool as ListedTool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use super::execute::Execute;
use super::tools::Tools;
use super::{answer, arguments, prompts, resources};
use crate::audit::Door;
use crate::auth::Caller;
use crate::graph::Asker;

/// What a client may tell its model about the server.
const INSTRUCTIONS: &str = "Reads an OpenStack cloud. Every tool answers one question with one \
JSON object. Lists take `limit` and `offset`; `notice` says when there is more and how to go on; \
`errors` says what could not be had, and then the rest still holds. A null is unknown, not zero. \
The resource `openstack-ops://guide` (also the prompt \
`prompt_template_full`) is a guide to the tools.";

/// The revisions that are spoken: one was before structured content and is left out.
const REVISIONS: &[ProtocolVersion] = &[
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];

/// The server. Cheap to clone: over HTTP each request has its own.
#[derive(Clone)]
pub struct McpServer {
    inner: Arc<Inner>,
}

struct Inner {
    tools: Tools,
    executor: Arc<dyn Execute>,
}

impl McpServer {
    /// A server of these tools, which are executed by something that knows the same graph.
    #[must_use]
    pub fn new(tools: Tools, executor: Arc<dyn Execute>) -> Self {
        Self {
            inner: Arc::new(Inner { tools, executor }),
        }
    }

    /// The tools that are offered.
    #[must_use]
    pub fn tools(&self) -> &Tools {
        &self.inner.tools
    }
}

/// Who calls a tool.
fn asker(context: &RequestContext<RoleServer>, tool: &str) -> Asker {
    let is_http = context.extensions.get::<http::request::Parts>().is_some();
    let door = if is_http { Door::Mcp } else { Door::Stdio };
    Asker {
        tool: Some(tool.into()),
        ..Asker::new(caller(context), door)
    }
}

/// Who sent a request: over HTTP whom our own layer found, else the process that started this one.
///
/// A request over HTTP that no layer looked at has no rights.
fn caller(context: &RequestContext<RoleServer>) -> Caller {
    match context.extensions.get::<http::request::Parts>() {
        None => Caller::local(),
        Some(parts) => match parts.extensions.get::<Caller>() {
            Some(caller) => caller.clone(),
            None => Caller::unknown(),
        },
    }
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .build();
        let implementation = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
            .with_title("OpenStack operations");
        ServerConfig::new(capabilities)
            .with_server_info(implementation)
            .with_instructions(INSTRUCTIONS)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(REVISIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.inner.tools.listed()))
    }

    fn get_tool(&self, name: &str) -> Option<ListedTool> {
        let tool = self.inner.tools.get(name)?;
        Some(tool.listed.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Inner { tools, executor } = &*self.inner;
        let Some(tool) = tools.get(&request.name) else {
            return Ok(answer::unknown_tool(&request.name, tools.names()).into());
        };
        let given = request.arguments.unwrap_or_default();
        let variables = match arguments::read(&tool.arguments, &given, tools.sdl()) {
            Ok(variables) => variables,
            Err(bad) => return Ok(answer::refusal(tool, &bad).into()),
        };
        let execution = executor.execute(
            asker(&context, tool.name()),
            tool.request(variables.clone()),
        );
        let response = tokio::select! {
            response = execution => response,
            () = context.ct.cancelled() => {
                return Err(ErrorData::internal_error("the call was cancelled", None));
            }
        };
        Ok(answer::answer(tool, &variables, response).into())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(prompts::get(&request.name, request.arguments.as_ref())?.into())
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resources = resources::list(self.inner.tools.sdl());
        Ok(ListResourcesResult::with_all_items(resources))
    }

    /// None: the few resources are all listed.
    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(Vec::new()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        Ok(resources::read(&request.uri, self.inner.tools.sdl())?.into())
    }

    /// Accepted where the protocol has it, so that clients which always send it can go on; this
    /// server sends no log messages to clients, at any level.
    #[expect(deprecated, reason = "clients of the older revisions still send it")]
    async fn set_level(
        &self,
        _request: rmcp::model::SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let revision = context.protocol_version();
        if revision.is_some_and(|revision| revision >= ProtocolVersion::V_2026_07_28) {
            return Err(ErrorData::method_not_found::<SetLevelRequestMethod>());
        }
        Ok(())
    }
}
