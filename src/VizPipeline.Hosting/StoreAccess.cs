using System.Text;
using VizPipeline.ObjectStore;

namespace VizPipeline.Hosting;

/// <summary>The access that a service needs to the object store.</summary>
public enum StoreAccess
{
    /// <summary>Reads and lists.</summary>
    Read,

    /// <summary>Reads, lists, writes and deletes.</summary>
    Write,

    /// <summary>As <see cref="Write"/>, and creates the bucket.</summary>
    Own,
}

/// <summary>
/// Tests, with the service's own account, every operation that it will use on the store. On many S3 servers an object belongs to the
/// account that wrote it, so the test also reads what other services have left: coordinator and worker each keep an object
/// <c>probes/NAME</c>.
/// </summary>
internal static class StoreProbe
{
    private const string Folder = "probes/";
    private static readonly string[] Writers = ["coordinator", "worker"];

    /// <summary>Completes if everything is allowed.</summary>
    /// <param name="store">The store.</param>
    /// <param name="service">The service's name.</param>
    /// <param name="access">The access that the service needs.</param>
    /// <param name="cancellation">Stops the test.</param>
    /// <exception cref="StartupException">An operation is refused; the message names it.</exception>
    public static async Task RunAsync(IObjectStore store, string service, StoreAccess access, CancellationToken cancellation)
    {
        // Workers start concurrently, so each deletes an object of its own, and all share the one that is kept.
        var kept = $"{Folder}{service}";
        var passing = $"{kept}-{Environment.MachineName.ToLowerInvariant()}-{Environment.ProcessId}";
        if (access != StoreAccess.Read)
        {
            var content = Encoding.UTF8.GetBytes(service);
            await TryAsync("write to", () => store.PutAsync(passing, content, cancellation));
            await TryAsync("read what it wrote to", () => store.GetAsync(passing, cancellation));
            await TryAsync("delete from", () => store.DeleteAsync(passing, cancellation));
            await TryAsync("write to", () => store.PutAsync(kept, content, cancellation));
        }
        await TryAsync("list", async () => await store.ListAsync(Folder, cancellation).AnyAsync(cancellation));
        foreach (var writer in Writers)
            await TryAsync($"read what the {writer} wrote to", () => store.TryGetAsync(Folder + writer, cancellation));
    }

    private static async Task TryAsync(string action, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ObjectStoreException failure)
        {
            // Rights may be granted at any time, e.g. by a policy that is set after the bucket is created.
            throw new StartupException(
                $"this account cannot {action} the object store: {failure.Message} docs/cluster.md has the rights of each role",
                isTransient: true, failure);
        }
    }
}
