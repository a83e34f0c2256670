using System.Text.Json.Nodes;

namespace VizPipeline.Tests.Deployment;

/// <summary>The objects that Helm would send to Kubernetes.</summary>
internal sealed class Release(string text)
{
    public string Text => text;

    public IReadOnlyList<JsonNode> Objects { get; } = Yaml.Documents(text);

    public IEnumerable<JsonNode> OfKind(string kind) => Objects.Where(o => Kind(o) == kind);

    /// <summary>Returns the one object of a kind whose name has this ending.</summary>
    public JsonNode Find(string kind, string nameEnd)
        => Assert.Single(OfKind(kind), o => Name(o).EndsWith(nameEnd, StringComparison.Ordinal));

    /// <summary>Returns the templates of all pods, with the names of their owners.</summary>
    public IEnumerable<Pod> Pods => Objects.Where(o => Kind(o) is "Deployment" or "StatefulSet" or "Job").Select(o => new Pod(o));

    public IEnumerable<Pod> Workers => Pods.Where(pod => pod.Component == "worker");

    public Pod Pod(string nameEnd) => Assert.Single(Pods, pod => pod.Name.EndsWith(nameEnd, StringComparison.Ordinal));

    /// <summary>Returns the pods that a set of labels selects.</summary>
    public IEnumerable<Pod> SelectedBy(JsonNode? labels) => Pods.Where(pod => pod.IsSelectedBy(labels));

    /// <summary>Returns the Helm hooks that create an object; none for a regular part of the release.</summary>
    public static string[] Hooks(JsonNode o) => ((string?)o["metadata"]!["annotations"]?["helm.sh/hook"])?.Split(',') ?? [];

    public static string Kind(JsonNode o) => o["kind"]!.GetValue<string>();

    public static string Name(JsonNode o) => o["metadata"]!["name"]!.GetValue<string>();
}

/// <summary>The template of a pod, with queries for tests.</summary>
internal sealed class Pod(JsonNode owner)
{
    public string Name { get; } = Release.Name(owner);

    public JsonNode Owner => owner;

    public JsonNode Spec { get; } = owner["spec"]!["template"]!["spec"]!;

    public JsonObject Labels { get; } = owner["spec"]!["template"]!["metadata"]!["labels"]!.AsObject();

    public string Component => Labels["app.kubernetes.io/component"]!.GetValue<string>();

    public bool IsJob => Release.Kind(owner) == "Job";

    public IReadOnlyList<JsonNode> Containers => List(Spec["containers"]);

    public IReadOnlyList<JsonNode> InitContainers => List(Spec["initContainers"]);

    public IReadOnlyList<JsonNode> AllContainers => [.. Containers, .. InitContainers];

    public IReadOnlyList<JsonNode> Volumes => List(Spec["volumes"]);

    public JsonNode Container => Assert.Single(Containers);

    public long GracePeriod => Spec["terminationGracePeriodSeconds"]!.GetValue<long>();

    /// <summary>Returns the value of a plain variable.</summary>
    public string? Variable(string name)
        => Variables(Container).SingleOrDefault(v => (string?)v["name"] == name)?["value"]?.GetValue<string>();

    public static IReadOnlyList<JsonNode> Variables(JsonNode container) => List(container["env"]);

    /// <summary>Returns all settings of a container, from its environment and from the files of its projected volumes.</summary>
    public IEnumerable<string> Settings(JsonNode container)
    {
        var mounted = List(container["volumeMounts"]).Select(mount => mount["name"]!.GetValue<string>()).ToHashSet();
        var files = Volumes.Where(volume => mounted.Contains(volume["name"]!.GetValue<string>()))
            .SelectMany(volume => List(volume["projected"]?["sources"]))
            .SelectMany(source => List(source["secret"]?["items"]))
            .Select(item => item["path"]!.GetValue<string>());
        return Variables(container).Select(v => v["name"]!.GetValue<string>()).Concat(files);
    }

    /// <summary>Returns whether labels select the pod; an empty set selects nothing.</summary>
    public bool IsSelectedBy(JsonNode? labels)
        => labels is JsonObject all && all.All(label => JsonNode.DeepEquals(Labels[label.Key], label.Value));

    /// <summary>Returns the ports that its container serves, by name.</summary>
    public Dictionary<string, int> Ports() =>
        List(Container["ports"])
            .ToDictionary(port => port["name"]!.GetValue<string>(), port => (int)port["containerPort"]!.GetValue<long>());

    /// <summary>Returns the keys of Secrets that it reads, and the settings that they become.</summary>
    public IEnumerable<(string Secret, string Key, string Setting)> SecretsRead()
    {
        foreach (var secret in Volumes.SelectMany(volume => List(volume["projected"]?["sources"])).Select(
            source => source["secret"]).OfType<JsonNode>())
        {
            foreach (var item in List(secret["items"]))
                yield return (secret["name"]!.GetValue<string>(), item["key"]!.GetValue<string>(), item["path"]!.GetValue<string>());
        }
        foreach (var variable in AllContainers.SelectMany(Variables))
        {
            if (variable["valueFrom"]?["secretKeyRef"] is { } from)
                yield return (from["name"]!.GetValue<string>(), from["key"]!.GetValue<string>(), variable["name"]!.GetValue<string>());
        }
    }

    public static IReadOnlyList<JsonNode> List(JsonNode? node) => [.. (node as JsonArray ?? []).OfType<JsonNode>()];
}
