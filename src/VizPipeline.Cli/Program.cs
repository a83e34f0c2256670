using VizPipeline.Cli.CommandLine;

return await VizCommandLine.Run(VizCommands.Root(), args);
