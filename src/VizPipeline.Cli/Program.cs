using VizPipeline.Cli.CommandLine;

return await VizCommandLine.RunAsync(VizCommands.CreateRoot(), args);
