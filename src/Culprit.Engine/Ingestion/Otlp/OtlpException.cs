using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>The <c>exception.*</c> attributes of a log record or span event, and the text that a log file would have.</summary>
internal ref struct OtlpException
{
    private ReadOnlySpan<byte> _type;
    private ReadOnlySpan<byte> _message;
    private ReadOnlySpan<byte> _stack;

    public readonly bool IsNone => _type.IsEmpty && _message.IsEmpty && _stack.IsEmpty;

    /// <summary>Takes an attribute that describes the exception; false for any other.</summary>
    public bool TryTake(ReadOnlySpan<byte> pair)
    {
        if (!OtlpAttributes.TryReadPair(pair, out var key, out var value) || !key.StartsWith("exception."u8)
            || OtlpAttributes.StringOf(value) is not { IsEmpty: false } text)
        {
            return false;
        }

        switch (key[10..])
        {
            case var name when name.SequenceEqual("type"u8) && _type.IsEmpty:
                _type = text;
                return true;
            case var name when name.SequenceEqual("message"u8) && _message.IsEmpty:
                _message = text;
                return true;
            case var name when name.SequenceEqual("stacktrace"u8) && _stack.IsEmpty:
                _stack = text;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Type and message stay attributes, under the names of <c>log.error</c>; the stack trace is in the body.</summary>
    public readonly void AddTo(OtlpAttributes attributes)
    {
        attributes.AddText("error_type"u8, _type);
        attributes.AddText("exception.message"u8, _message);
    }

    /// <summary>The message, then what it does not say itself of the exception, as a logger writes both to a file.</summary>
    /// <param name="message">Empty for an exception without a log line.</param>
    public readonly ReadOnlySpan<byte> Compose(ReadOnlySpan<byte> message, TextScratch scratch)
    {
        if (IsNone || (!_stack.IsEmpty && message.IndexOf(_stack) >= 0))
        {
            return message;
        }

        var mark = scratch.Mark;
        scratch.Append(message);
        var hasHead = !_stack.IsEmpty && (StartsWith(_stack, _type) || _stack.StartsWith("Traceback"u8));
        if (!hasHead && (message.IsEmpty || !_stack.IsEmpty))
        {
            Separate(scratch, mark, "\n"u8);
            scratch.Append(_type);
            if (!_type.IsEmpty && !_message.IsEmpty)
            {
                scratch.Append(": "u8);
            }

            scratch.Append(_message);
        }

        if (!_stack.IsEmpty)
        {
            Separate(scratch, mark, "\n"u8);
            scratch.Append(_stack);
        }

        return scratch.From(mark);
    }

    // Java, .NET and JavaScript put type and message first, .NET and Java with the namespace.
    private static bool StartsWith(ReadOnlySpan<byte> stack, ReadOnlySpan<byte> type)
    {
        var end = stack.IndexOfAny((byte)':', (byte)'\n');
        var head = end < 0 ? stack : stack[..end];
        return !type.IsEmpty && (head.IndexOf(type) >= 0 || (head.Length > 0 && type.EndsWith(head)));
    }

    private static void Separate(TextScratch scratch, int mark, ReadOnlySpan<byte> separator)
    {
        if (scratch.Mark > mark)
        {
            scratch.Append(separator);
        }
    }
}
