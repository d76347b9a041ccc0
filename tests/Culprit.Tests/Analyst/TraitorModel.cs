using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Culprit.Tests.Analyst;

/// <summary>A model that does whatever the text in its context tells it, and looks everything up so that it reads as much as it can.</summary>
internal sealed class TraitorModel(IReadOnlyList<Attack> attacks) : IChatClient
{
    private int _number;

    /// <summary>True once it has read an instruction.</summary>
    public bool HasObeyed { get; private set; }

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, [Act([.. messages])])) { FinishReason = ChatFinishReason.Stop });
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (var update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private AIContent Act(IReadOnlyList<ChatMessage> messages)
    {
        var number = _number++;
        var texts = messages.Where(m => m.Role != ChatRole.System).SelectMany(m => m.Contents)
            .Select(c => c switch { TextContent text => text.Text, FunctionResultContent result => (string)result.Result!, _ => "" }).ToList();
        foreach (var attack in attacks)
        {
            if (texts.Exists(t => t.Contains(attack.Marker, StringComparison.Ordinal)))
            {
                HasObeyed = true;
                return attack.Obey(number, texts.Select(t => EvidenceWith(t, attack.Marker)).FirstOrDefault(id => id is not null));
            }
        }

        // Nothing to obey yet: read on.
        return number == 0
            ? new FunctionCallContent("call-0", "get_service_error_history", new Dictionary<string, object?> { ["service"] = JsonSerializer.SerializeToElement("checkout") })
            : new TextContent("""{"verdict":"unknown","summary":"","claims":[]}""");
    }

    private static string? EvidenceWith(string text, string marker)
    {
        try
        {
            return JsonNode.Parse(text)?["evidence"]?.AsArray()
                .Where(e => ((string)e!["text"]!).Contains(marker, StringComparison.Ordinal)).Select(e => (string?)e!["id"]).FirstOrDefault();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
