using System.Text;
using System.Text.Json;

namespace Culprit.Server.Querying;

/// <summary>What an error record says about its error, for its <c>log.error</c> view.</summary>
internal static class ErrorFacts
{
    private const string Unnamed = "Error";
    private const int MaxNameLength = 128;

    /// <summary>The attribute <c>error_type</c>, else the exception's name at the start of the message, else <c>Error</c>.</summary>
    public static (string Type, string? StackTrace) Of(string attributes, string message)
    {
        string? type = null;
        string? stack = null;
        if (attributes.Contains("error_type", StringComparison.Ordinal) || attributes.Contains("stack_trace", StringComparison.Ordinal))
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(attributes));
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isType = reader.ValueTextEquals("error_type"u8);
                var isStack = reader.ValueTextEquals("stack_trace"u8);
                reader.Read();
                if (reader.TokenType == JsonTokenType.String && (isType || isStack))
                {
                    type = isType ? reader.GetString() : type;
                    stack = isStack ? reader.GetString() : stack;
                }

                reader.Skip();
            }
        }

        return (string.IsNullOrEmpty(type) ? NameAtStart(message) : type, stack);
    }

    /// <summary>Takes <c>java.net.SocketTimeoutException: ...</c> or <c>ValueError: ...</c>, not any word before a colon.</summary>
    private static string NameAtStart(string message)
    {
        var end = 0;
        while (end < message.Length && end <= MaxNameLength
            && (char.IsAsciiLetterOrDigit(message[end]) || message[end] is '.' or '_' or '$'))
        {
            end++;
        }

        var name = message[..end];
        return end > Unnamed.Length && end <= MaxNameLength && char.IsAsciiLetter(name[0])
            && (end == message.Length || message[end] is ':' or ' ' or '\n' or '(')
            && (name.EndsWith("Exception", StringComparison.Ordinal) || name.EndsWith("Error", StringComparison.Ordinal))
            ? name
            : Unnamed;
    }
}
