using Culprit.Server.Commands;

return await CommandLine.Create().Parse(args).InvokeAsync().ConfigureAwait(false);
