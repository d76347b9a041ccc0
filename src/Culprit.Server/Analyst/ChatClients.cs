using System.ClientModel;
using System.ClientModel.Primitives;
using Anthropic;
using Culprit.Server.Configuration;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Culprit.Server.Analyst;

/// <summary>Makes the client of the configured model. Its endpoint is the only address that an analyst ever talks to.</summary>
internal static class ChatClients
{
    private const int Retries = 2;

    private static readonly Uri OpenAiAddress = new("https://api.openai.com/v1");

    /// <summary>Why the configured model cannot be asked; null when it can, or none is configured.</summary>
    /// <param name="key">Null or empty when the environment has none.</param>
    public static string? Obstacle(AnalystSection options, string? key) => options is { Model: not null, BaseUrl: null } && string.IsNullOrEmpty(key)
        ? $"analyst:model is {options.Model}, but the environment has no {options.KeyName}."
        : null;

    /// <param name="key">Null or empty when the environment has none: an endpoint that was named may need none.</param>
    /// <exception cref="InvalidOperationException">The provider's own endpoint was chosen, and there is no key.</exception>
    public static IChatClient Create(AnalystSection options, string? key)
    {
        if (Obstacle(options, key) is { } obstacle)
        {
            throw new InvalidOperationException(obstacle);
        }

        var given = string.IsNullOrEmpty(key) ? "none" : key;
        var patience = TimeSpan.FromSeconds(options.MaxSeconds);
        if (options.Provider == "anthropic")
        {
            var client = new AnthropicClient { ApiKey = given, MaxRetries = Retries, Timeout = patience };
            return (options.BaseUrl is { } url ? client.WithOptions(o => o with { BaseUrl = url.TrimEnd('/') }) : client)
                .AsIChatClient(options.ModelName, options.MaxAnswerTokens);
        }

        var settings = new OpenAIClientOptions
        {
            Endpoint = options.BaseUrl is { } address ? new Uri(address) : OpenAiAddress,
            NetworkTimeout = patience,
            RetryPolicy = new ClientRetryPolicy(Retries),
        };
        return new OpenAIClient(new ApiKeyCredential(given), settings).GetChatClient(options.ModelName).AsIChatClient();
    }
}
