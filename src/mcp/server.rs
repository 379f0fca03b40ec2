//! The MCP server: lists the tools and runs them, for both generations of the protocol.

use std::borrow::Cow;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, GetPromptRequestParams,
    GetPromptResponse, Implementation, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    SetLevelRequestMethod, Tool as ListedTool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Map, Value};
use tracing::Instrument;

use super::confirm::{Confirmation, Confirmer, Reply, Verdict};
use super::document::Document;
use super::execute::Execute;
use super::offer::{Absence, Offer, asker, caller, meant, span};
use super::tool::Tool;
use super::tools::Tools;
use super::{answer, prompts, resources};
use crate::auth::Caller;
use crate::graph::Asker;
use crate::measure;
use crate::policy::{Confirm, Decision};
use crate::shared::Shared;

/// What a client may tell its model about a server that only reads.
const READS: &str = "Reads an OpenStack cloud. Every tool answers one question with one \
JSON object. Lists take `limit` and `offset`; `notice` says when there is more and how to go on; \
`errors` says what could not be had, and then the rest still holds. A null is unknown, not zero. \
The resource `openstack-ops://guide` (also the prompt \
`prompt_template_full`) is a guide to the tools.";

/// The same of one that also changes things, for those who may.
const MODIFIES: &str = "Reads an OpenStack cloud, and changes it where tools are listed that do. \
Tools that read answer one question with one JSON object. Lists take `limit` and `offset`; `notice` \
says when there is more and how to go on; `errors` says what could not be had, and then the rest \
still holds. A null is unknown, not zero. Tools that change take an `action`; with `dry_run` they \
say what they would do and what hangs on it, and do nothing. What they could not do stands in \
`userErrors`. What destroys may ask somebody first. The resource `openstack-ops://guide` (also the \
prompt `prompt_template_full`) is a guide to the tools.";

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
    /// Another can be put in its place while clients are served that stay.
    inner: Arc<ArcSwap<Inner>>,
}

struct Inner {
    tools: Tools,
    executor: Arc<dyn Execute>,
    confirmer: Confirmer,
}

impl McpServer {
    /// A server of these tools, which are executed by something that knows the same graph; it has
    /// somebody confirm what destroys, as the operator wants it.
    #[must_use]
    pub fn new(tools: Tools, executor: Arc<dyn Execute>, confirm: Confirm) -> Self {
        Self::sharing(tools, executor, confirm, None)
    }

    /// The same, one of several replicas where there is a store for them.
    #[must_use]
    pub fn sharing(
        tools: Tools,
        executor: Arc<dyn Execute>,
        confirm: Confirm,
        shared: Option<Arc<Shared>>,
    ) -> Self {
        Self::of(Inner {
            tools,
            executor,
            confirmer: Confirmer::new(confirm, shared),
        })
    }

    fn of(inner: Inner) -> Self {
        Self {
            inner: Arc::new(ArcSwap::from_pointee(inner)),
        }
    }

    /// Another server, which takes the replies to what this one asked.
    #[must_use]
    pub fn successor(
        &self,
        tools: Tools,
        executor: Arc<dyn Execute>,
        confirm: Confirm,
        shared: Option<Arc<Shared>>,
    ) -> Self {
        Self::of(Inner {
            tools,
            executor,
            confirmer: self.inner.load().confirmer.successor(confirm, shared),
        })
    }

    /// Goes on as another server; calls that are under way stay with this one.
    pub fn go_on_as(&self, other: &Self) {
        self.inner.store(other.inner.load_full());
    }

    /// Whether a tool of this name is offered.
    #[must_use]
    pub fn offers(&self, tool: &str) -> bool {
        self.inner.load().tools.get(tool).is_some()
    }
}

impl Inner {
    fn offer<'a>(&'a self, caller: &'a Caller) -> Offer<'a> {
        Offer {
            tools: &self.tools,
            executor: &*self.executor,
            caller,
        }
    }

    /// Refuses a call that the policy forbids, and has it written down if it would change something.
    fn deny(
        &self,
        asker: &Asker,
        document: &Document,
        given: &Map<String, Value>,
        decision: Decision,
    ) -> CallToolResult {
        measure::tool_refused(asker.door, Some(&document.name));
        if let Some(operation) = meant(document, given) {
            let request = document.request(&operation.name, given.clone());
            self.executor
                .refuse(asker, &request, decision, decision.reason());
        }
        answer::denied(&document.name, decision.reason())
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
            .with_instructions(if self.inner.load().tools.modify() {
                MODIFIES
            } else {
                READS
            })
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(REVISIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = caller(&context);
        let inner = self.inner.load_full();
        let tools = inner.offer(&caller).tools();
        Ok(ListToolsResult::with_all_items(
            tools.map(|tool| tool.listed.clone()).collect(),
        ))
    }

    /// For the transport, which checks headers by it; what a caller may use is decided in the call.
    fn get_tool(&self, name: &str) -> Option<ListedTool> {
        let inner = self.inner.load();
        let tool = inner.tools.get(name)?;
        Some(tool.listed.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let inner = self.inner.load_full();
        let given = request.arguments.unwrap_or_default();
        let reply = Reply {
            state: request.request_state,
            responses: request.input_responses,
        };
        let asker = asker(&context, &request.name);
        let offer = inner.offer(&asker.caller);
        let tool = match offer.find(&request.name) {
            Ok(tool) => tool,
            Err(Absence::Denied(document, decision)) => {
                return Ok(inner.deny(&asker, document, &given, decision).into());
            }
            Err(Absence::Unknown) => {
                let known = offer.tools().map(Tool::name);
                measure::tool_refused(asker.door, None);
                return Ok(answer::unknown_tool(&request.name, known).into());
            }
        };
        let call = match tool.call(&given, inner.tools.sdl()) {
            Ok(call) => call,
            Err(bad) => {
                measure::tool_refused(asker.door, Some(tool.name()));
                return Ok(answer::refusal(tool.name(), &bad).into());
            }
        };
        let confirmation = Confirmation {
            call: &call,
            asker: &asker,
            executor: &*inner.executor,
            context: &context,
        };
        let confirmed = match inner.confirmer.confirm(&confirmation, reply).await? {
            Verdict::Made(confirmed) => confirmed,
            Verdict::Answered(answer) => return Ok(*answer),
        };
        let asker = Asker {
            confirmation: confirmed,
            ..asker.clone()
        };
        let execution = inner.executor.execute(asker, call.request());
        let execution = execution.instrument(span(&context));
        let response = tokio::select! {
            response = execution => response,
            () = context.ct.cancelled() => {
                return Err(ErrorData::internal_error("the call was cancelled", None));
            }
        };
        Ok(answer::answer(&call, response).into())
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
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let inner = self.inner.load_full();
        let resources = resources::list(inner.executor.sdl_for(&caller(&context)));
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
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let inner = self.inner.load_full();
        let sdl = inner.executor.sdl_for(&caller(&context));
        Ok(resources::read(&request.uri, sdl)?.into())
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
