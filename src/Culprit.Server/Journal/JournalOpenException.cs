namespace Culprit.Server.Journal;

/// <summary>The journal refuses to start; the message says why and what to do.</summary>
internal sealed class JournalOpenException(string message, Exception? cause = null) : Exception(message, cause);
