using System.ClientModel;
using Anthropic.Exceptions;

namespace Culprit.Server.Analyst;

/// <summary>Says in words why a model could not be asked, without anything that an endpoint wrote.</summary>
internal static class ModelFailure
{
    public static string Describe(Exception exception)
    {
        var inner = exception is AggregateException { InnerExceptions: [.., var last] } ? last : exception;
        return Status(inner) switch
        {
            401 or 403 => "the model's endpoint refused the key",
            404 => "the model's endpoint does not know the model",
            408 or 504 => "the model's endpoint did not answer in time",
            429 => "the model's endpoint allows no more requests now (429)",
            503 or 529 => "the model's endpoint is overloaded",
            { } status => $"the model's endpoint answered {status}",
            null when inner is HttpRequestException or System.Net.Sockets.SocketException || inner.InnerException is HttpRequestException =>
                "the model's endpoint cannot be reached or broke off",
            null when inner is OperationCanceledException => "the model's endpoint did not answer in time",
            null when inner is IOException => "the model's answer broke off",
            _ => $"the model's answer could not be read ({inner.GetType().Name})",
        };
    }

    private static int? Status(Exception exception) => exception switch
    {
        AnthropicApiException api => (int)api.StatusCode,
        ClientResultException { Status: > 0 } result => result.Status,
        _ => null,
    };
}
