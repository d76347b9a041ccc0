using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Culprit.IntegrationTests.Analyst;

/// <summary>What the model does with one request.</summary>
internal abstract record Move
{
    /// <summary>Asks for a tool.</summary>
    internal sealed record Call(string Tool, string Arguments) : Move;

    /// <summary>Ends its turn with a text.</summary>
    internal sealed record Say(string Text, bool IsCut = false) : Move;

    /// <summary>Refuses with a status.</summary>
    internal sealed record Refuse(int Status, string? RetryAfter = null) : Move;

    /// <summary>Drops the connection in the middle of the answer.</summary>
    internal sealed record BreakOff : Move;

    /// <summary>Answers 200 with something that is not of the protocol.</summary>
    internal sealed record Garbage(string Body) : Move;

    /// <summary>Never answers.</summary>
    internal sealed record Hang : Move;
}

/// <summary>A server that speaks the Messages API of Anthropic and the Chat Completions API of OpenAI as their documentation has them, streaming included.</summary>
/// <remarks>Ids, event names, order of events and field names follow the providers' references; a request that the real ones would refuse fails the test.</remarks>
internal sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Func<JsonNode, int, Move> _model;
    private readonly Lock _gate = new();
    private readonly List<JsonNode> _requests = [];

    private ModelServer(WebApplication app, Func<JsonNode, int, Move> model)
    {
        _app = app;
        _model = model;
    }

    /// <summary>For <c>baseUrl</c> with <c>anthropic:</c>.</summary>
    public string AnthropicUrl => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>For <c>baseUrl</c> with <c>openai:</c>.</summary>
    public string OpenAiUrl => AnthropicUrl + "/v1";

    /// <summary>Bodies received, oldest first.</summary>
    public IReadOnlyList<JsonNode> Requests
    {
        get
        {
            lock (_gate)
            {
                return [.. _requests];
            }
        }
    }

    public string? Key { get; private set; }

    /// <param name="model">Decides by the request and its number, from 0.</param>
    public static async Task<ModelServer> StartAsync(Func<JsonNode, int, Move> model)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new ModelServer(app, model);
        app.MapPost("/v1/messages", context => server.ServeAsync(context, isAnthropic: true));
        app.MapPost("/v1/chat/completions", context => server.ServeAsync(context, isAnthropic: false));
        await app.StartAsync();
        return server;
    }

    public static Task<ModelServer> StartAsync(params Move[] moves) =>
        StartAsync((_, number) => moves[Math.Min(number, moves.Length - 1)]);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context, bool isAnthropic)
    {
        var request = (await JsonNode.ParseAsync(context.Request.Body))!;
        int number;
        lock (_gate)
        {
            number = _requests.Count;
            _requests.Add(request);
            Key = context.Request.Headers.Authorization.ToString() is { Length: > 0 } bearer ? bearer : context.Request.Headers["x-api-key"].ToString();
        }

        if (Mistake(request, isAnthropic) is { } mistake)
        {
            await RefuseAsync(context, new Move.Refuse(400), isAnthropic, mistake);
            return;
        }

        var isStreaming = (bool?)request["stream"] ?? false;
        switch (_model(request, number))
        {
            case Move.Refuse refuse:
                await RefuseAsync(context, refuse, isAnthropic, "no");
                break;
            case Move.Hang:
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            case Move.Garbage garbage:
                context.Response.ContentType = isStreaming ? "text/event-stream" : "application/json";
                await context.Response.WriteAsync(garbage.Body);
                break;
            case Move.BreakOff:
                context.Response.ContentType = isStreaming ? "text/event-stream" : "application/json";
                context.Response.ContentLength = isStreaming ? null : 1000;
                var whole = isStreaming ? Events(new Move.Say("{\"verdict\":\"c1\""), isAnthropic, number) : "{\"id\":\"x\",";
                await context.Response.WriteAsync(whole[..(whole.Length / 2)]);
                await context.Response.Body.FlushAsync();
                context.Abort();
                break;
            case var move when isStreaming:
                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync(Events(move, isAnthropic, number));
                break;
            case var move:
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync((isAnthropic ? Message(move, number) : Completion(move, number)).ToJsonString());
                break;
        }
    }

    /// <summary>What the real endpoint would answer 400 to.</summary>
    private static string? Mistake(JsonNode request, bool isAnthropic)
    {
        if (request["model"] is null || request["messages"] is not JsonArray { Count: > 0 } messages)
        {
            return "model and messages are required";
        }

        if (isAnthropic && request["max_tokens"] is null)
        {
            return "max_tokens is required";
        }

        // Every result must answer a call of the turn before it.
        var open = new HashSet<string>(StringComparer.Ordinal);
        foreach (var message in messages)
        {
            foreach (var call in isAnthropic ? Blocks(message!, "tool_use") : (message!["tool_calls"] as JsonArray ?? []).Select(c => c!))
            {
                open.Add((string)call["id"]!);
            }

            var answered = isAnthropic
                ? Blocks(message!, "tool_result").Select(b => (string)b["tool_use_id"]!)
                : (string?)message!["role"] == "tool" ? [(string)message["tool_call_id"]!] : [];
            foreach (var id in answered)
            {
                if (!open.Remove(id))
                {
                    return "a tool result answers no call: " + id;
                }
            }
        }

        return open.Count == 0 ? null : "a tool call has no result";
    }

    private static IEnumerable<JsonNode> Blocks(JsonNode message, string type) =>
        (message["content"] as JsonArray ?? []).Select(b => b!).Where(b => (string?)b["type"] == type);

    private static async Task RefuseAsync(HttpContext context, Move.Refuse refuse, bool isAnthropic, string message)
    {
        context.Response.StatusCode = refuse.Status;
        context.Response.ContentType = "application/json";
        if (refuse.RetryAfter is { } after)
        {
            context.Response.Headers.RetryAfter = after;
        }

        var type = refuse.Status switch { 429 => "rate_limit_error", 529 => "overloaded_error", 401 => "authentication_error", _ => "invalid_request_error" };
        JsonNode error = isAnthropic
            ? new JsonObject { ["type"] = "error", ["error"] = new JsonObject { ["type"] = type, ["message"] = message }, ["request_id"] = "req_1" }
            : new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["param"] = null, ["code"] = null } };
        await context.Response.WriteAsync(error.ToJsonString());
    }

    private static JsonObject Message(Move move, int number) => new()
    {
        ["id"] = $"msg_{number}",
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = "test",
        ["content"] = new JsonArray(move switch
        {
            Move.Call call => new JsonObject { ["type"] = "tool_use", ["id"] = $"toolu_{number}", ["name"] = call.Tool, ["input"] = JsonNode.Parse(call.Arguments) },
            _ => new JsonObject { ["type"] = "text", ["text"] = ((Move.Say)move).Text },
        }),
        ["stop_reason"] = StopReason(move),
        ["stop_sequence"] = null,
        ["usage"] = new JsonObject { ["input_tokens"] = 1000, ["output_tokens"] = 100 },
    };

    private static string StopReason(Move move) => move switch { Move.Call => "tool_use", Move.Say { IsCut: true } => "max_tokens", _ => "end_turn" };

    private static JsonObject Completion(Move move, int number) => new()
    {
        ["id"] = $"chatcmpl-{number}",
        ["object"] = "chat.completion",
        ["created"] = 1,
        ["model"] = "test",
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["message"] = move switch
            {
                Move.Call call => new JsonObject { ["role"] = "assistant", ["content"] = null, ["tool_calls"] = new JsonArray(ToolCall(call, number, null)) },
                _ => new JsonObject { ["role"] = "assistant", ["content"] = ((Move.Say)move).Text },
            },
            ["finish_reason"] = FinishReason(move),
        }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 1000, ["completion_tokens"] = 100, ["total_tokens"] = 1100 },
    };

    private static string FinishReason(Move move) => move switch { Move.Call => "tool_calls", Move.Say { IsCut: true } => "length", _ => "stop" };

    private static JsonObject ToolCall(Move.Call call, int number, int? index)
    {
        var json = new JsonObject
        {
            ["id"] = $"call_{number}",
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = call.Tool, ["arguments"] = call.Arguments },
        };
        if (index is not null)
        {
            json["index"] = index;
        }

        return json;
    }

    private static string Events(Move move, bool isAnthropic, int number) => isAnthropic ? MessageEvents(move, number) : CompletionEvents(move, number);

    private static string MessageEvents(Move move, int number)
    {
        var events = new StringBuilder();
        var empty = Message(move, number);
        empty["content"] = new JsonArray();
        empty["stop_reason"] = null;
        empty["usage"] = new JsonObject { ["input_tokens"] = 1000, ["output_tokens"] = 1 };
        Send("message_start", new JsonObject { ["message"] = empty });
        var (block, deltas) = move switch
        {
            Move.Call call => (
                new JsonObject { ["type"] = "tool_use", ["id"] = $"toolu_{number}", ["name"] = call.Tool, ["input"] = new JsonObject() },
                Parts(call.Arguments).Select(p => new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = p })),
            _ => (
                new JsonObject { ["type"] = "text", ["text"] = "" },
                Parts(((Move.Say)move).Text).Select(p => new JsonObject { ["type"] = "text_delta", ["text"] = p })),
        };
        Send("content_block_start", new JsonObject { ["index"] = 0, ["content_block"] = block });
        Send("ping", []);
        foreach (var delta in deltas)
        {
            Send("content_block_delta", new JsonObject { ["index"] = 0, ["delta"] = delta });
        }

        Send("content_block_stop", new JsonObject { ["index"] = 0 });
        Send("message_delta", new JsonObject
        {
            ["delta"] = new JsonObject { ["stop_reason"] = StopReason(move), ["stop_sequence"] = null },
            ["usage"] = new JsonObject { ["output_tokens"] = 100 },
        });
        Send("message_stop", []);
        return events.ToString();

        void Send(string type, JsonObject data)
        {
            data["type"] = type;
            events.Append(CultureInfo.InvariantCulture, $"event: {type}\ndata: {data.ToJsonString()}\n\n");
        }
    }

    private static string CompletionEvents(Move move, int number)
    {
        var events = new StringBuilder();
        Send(new JsonObject { ["role"] = "assistant", ["content"] = move is Move.Call ? null : "" }, null);
        if (move is Move.Call call)
        {
            Send(new JsonObject { ["tool_calls"] = new JsonArray(ToolCall(call with { Arguments = "" }, number, 0)) }, null);
            foreach (var part in Parts(call.Arguments))
            {
                Send(new JsonObject { ["tool_calls"] = new JsonArray(new JsonObject { ["index"] = 0, ["function"] = new JsonObject { ["arguments"] = part } }) }, null);
            }
        }
        else
        {
            foreach (var part in Parts(((Move.Say)move).Text))
            {
                Send(new JsonObject { ["content"] = part }, null);
            }
        }

        Send([], FinishReason(move));
        Chunk(new JsonArray(), new JsonObject { ["prompt_tokens"] = 1000, ["completion_tokens"] = 100, ["total_tokens"] = 1100 });
        events.Append("data: [DONE]\n\n");
        return events.ToString();

        void Send(JsonObject delta, string? reason) =>
            Chunk(new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = reason }), null);

        void Chunk(JsonArray choices, JsonObject? usage)
        {
            var chunk = new JsonObject
            {
                ["id"] = $"chatcmpl-{number}",
                ["object"] = "chat.completion.chunk",
                ["created"] = 1,
                ["model"] = "test",
                ["choices"] = choices,
                ["usage"] = usage,
            };
            events.Append(CultureInfo.InvariantCulture, $"data: {chunk.ToJsonString()}\n\n");
        }
    }

    /// <summary>As it would come: a few characters at a time.</summary>
    private static IEnumerable<string> Parts(string text) => text.Length == 0 ? [""] : text.Chunk(7).Select(c => new string(c));
}
