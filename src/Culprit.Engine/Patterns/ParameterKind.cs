namespace Culprit.Engine.Patterns;

/// <summary>What the value at a variable place of a line is.</summary>
internal enum ParameterKind : byte
{
    /// <summary>A value of no known type.</summary>
    Word,

    Number,

    /// <summary>A length of time; the value is in nanoseconds.</summary>
    Duration,

    /// <summary>An amount of data; the value is in bytes.</summary>
    Size,

    /// <summary>An IPv4 or IPv6 address without port.</summary>
    Ip,

    /// <summary>A host name without port.</summary>
    Host,

    /// <summary>Host or address with port; the value is the port.</summary>
    Peer,

    Url,
    Path,
    Email,

    /// <summary>UUID, hexadecimal or mixed id of a request, session, block and the like.</summary>
    Id,

    /// <summary>Date, time of day or both.</summary>
    Time,

    /// <summary>Several words in quotes, or the text field of a structured body.</summary>
    Text,
}
