using System.Text;
using System.Text.Json;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>A path into a record's attributes, read without building a document.</summary>
/// <remarks>
/// <c>a.b</c> finds <c>{"a":{"b":1}}</c> and <c>{"a.b":1}</c> alike, because OpenTelemetry writes dots into names. The first
/// member that leads to a value counts. Arrays are not entered.
/// </remarks>
internal sealed class AttributePath
{
    public const int MaxBytes = 256;

    /// <summary>Deeper documents than ingestion lets through; a journal of another version must not make this throw.</summary>
    private const int MaxDepth = 256;

    private readonly string _text;
    private readonly byte[] _path;
    private readonly byte[] _inContext;

    public AttributePath(IEnumerable<string> segments)
    {
        var parts = segments.SelectMany(s => s.Split('.')).Select(FilterText.Clean).ToList();
        _text = string.Join('.', parts.Select(p => FilterText.IsPlainSegment(p) ? p : FilterText.Quote(p)));
        _path = Encoding.UTF8.GetBytes(string.Join('.', parts));
        _inContext = [.. "context."u8, .. _path];
        if (_path.Length > MaxBytes)
        {
            throw new ArgumentException($"The path is longer than {MaxBytes} bytes.", nameof(segments));
        }
    }

    public override string ToString() => _text;

    /// <summary>The value at the path. A custom event keeps its whole object: there <c>context</c> is looked into first, then the rest.</summary>
    public FieldValue Read(in LogRecord record, FilterContext context)
    {
        var attributes = record.Attributes;
        if (attributes.IsEmpty)
        {
            return default;
        }

        try
        {
            if (record.Kind == EventKind.Custom)
            {
                var inner = Find(attributes, _inContext, context);
                if (!inner.IsMissing)
                {
                    return inner;
                }
            }

            return Find(attributes, _path, context);
        }
        catch (JsonException)
        {
            return default; // Ingestion checks attributes; damaged ones hold nothing.
        }
    }

    private static FieldValue Find(ReadOnlySpan<byte> attributes, ReadOnlySpan<byte> path, FilterContext context)
    {
        var json = new Utf8JsonReader(attributes, new JsonReaderOptions { MaxDepth = MaxDepth });
        return json.Read() && Seek(ref json, path) ? Value(ref json, context) : default;
    }

    /// <summary>Moves from an object to the value at the path; at the end of the object when there is none.</summary>
    private static bool Seek(scoped ref Utf8JsonReader json, ReadOnlySpan<byte> path)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        Span<byte> unescaped = stackalloc byte[MaxBytes + 16];
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            scoped ReadOnlySpan<byte> name = json.ValueSpan;
            if (json.ValueIsEscaped)
            {
                // Escapes only shorten: a name too long for the buffer is one that no path can reach.
                name = name.Length <= unescaped.Length ? unescaped[..json.CopyString(unescaped)] : default;
            }

            json.Read();
            if (name.SequenceEqual(path) && IsValue(json.TokenType))
            {
                return true;
            }

            if (json.TokenType == JsonTokenType.StartObject && path.Length > name.Length && path[name.Length] == (byte)'.'
                && path.StartsWith(name))
            {
                if (Seek(ref json, path[(name.Length + 1)..]))
                {
                    return true;
                }
            }
            else
            {
                json.Skip();
            }
        }

        return false;
    }

    private static bool IsValue(JsonTokenType token) =>
        token is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False;

    private static FieldValue Value(scoped ref Utf8JsonReader json, FilterContext context)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.String when !json.ValueIsEscaped:
                return FieldValue.OfText(json.ValueSpan);
            case JsonTokenType.String:
                var buffer = context.Bytes(json.ValueSpan.Length);
                return FieldValue.OfText(buffer[..json.CopyString(buffer)]);
            case JsonTokenType.Number:
                return json.TryGetDouble(out var number) ? FieldValue.OfNumber(number) : default;
            case JsonTokenType.True or JsonTokenType.False:
                return FieldValue.OfBoolean(json.TokenType == JsonTokenType.True);
            default:
                return default;
        }
    }
}
