using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Culprit.Server.Evaluation;

/// <summary>A model whose replies are kept in a folder: one that was asked the same before is not asked again.</summary>
/// <remarks>The name of a file is the hash of model, messages and tools, so a changed prompt or other evidence is asked anew.</remarks>
/// <param name="client">Asked for what is not recorded; null when it cannot be.</param>
internal sealed class RecordedReplies(IChatClient? client, string model, string folder) : IChatClient
{
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var asked = messages.ToList();
        var file = Path.Combine(folder, NameOf(asked, options) + ".json");
        if (File.Exists(file))
        {
            await using var stream = File.OpenRead(file);
            return await JsonSerializer.DeserializeAsync<ChatResponse>(stream, AIJsonUtilities.DefaultOptions, cancellationToken).ConfigureAwait(false)
                ?? throw new JsonException($"{file} holds no reply.");
        }

        if (client is null)
        {
            throw new IOException("There is no recorded reply.");
        }

        var reply = await client.GetResponseAsync(asked, options, cancellationToken).ConfigureAwait(false);
        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(reply, AIJsonUtilities.DefaultOptions), cancellationToken).ConfigureAwait(false);
        return reply;
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reply = await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        foreach (var update in reply.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => client?.GetService(serviceType, serviceKey);

    public void Dispose() => client?.Dispose();

    private string NameOf(List<ChatMessage> messages, ChatOptions? options)
    {
        var tools = options?.Tools?.Select(t => t.Name) ?? [];
        var asked = messages.Select(m => (object)new { Role = m.Role.Value, Contents = m.Contents.Select(TextOf) });
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { model, tools, asked })).AsSpan(0, 16));
    }

    private static string TextOf(AIContent content) => content switch
    {
        TextContent text => text.Text,
        FunctionCallContent call => call.Name + JsonSerializer.Serialize(call.Arguments),
        FunctionResultContent result => result.Result as string ?? "",
        _ => "",
    };
}
