namespace VizPipeline.Jobs;

/// <summary>A machine that worked on an atlas, for the manifest.</summary>
public sealed record MachineFacts
{
    /// <summary>The machine's name.</summary>
    public required string Host { get; init; }

    /// <summary>The device that computes, e.g. <c>cpu</c> or <c>cuda:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>The name of the processor; null if the system does not tell it.</summary>
    public string? Cpu { get; init; }

    /// <summary>The number of processors that the process may use.</summary>
    public required int Processors { get; init; }

    /// <summary>The number of threads of the device's operators.</summary>
    public required int Threads { get; init; }

    /// <summary>The memory that the process may use, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The operating system.</summary>
    public required string Os { get; init; }

    /// <summary>The .NET runtime.</summary>
    public required string Dotnet { get; init; }

    /// <summary>The version of libtorch.</summary>
    public required string Libtorch { get; init; }

    /// <summary>The program and its version.</summary>
    public required string Software { get; init; }
}
