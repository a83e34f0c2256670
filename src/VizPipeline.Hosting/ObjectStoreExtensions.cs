using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using VizPipeline.ObjectStore;

namespace VizPipeline.Hosting;

/// <summary>The object store, for a service.</summary>
public static class ObjectStoreExtensions
{
    /// <summary>Adds the store that the settings name: <c>ObjectStore:Folder</c>, a folder that all machines mount.</summary>
    public static IHostApplicationBuilder AddObjectStore(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var folder = builder.Configuration["ObjectStore:Folder"] ?? throw new StartupException("ObjectStore:Folder is missing");
        builder.Services.AddSingleton<IObjectStore>(_ => new FolderObjectStore(folder));
        return builder;
    }
}
