using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Xen2Kvm.Persistence.Model;

/// <summary>Gives everything in the model a name that SQL by hand needs no quotes for: RunLogRow.StepId becomes run_log.step_id.</summary>
internal static class SnakeCaseNames
{
    /// <summary>Renames columns, keys and indexes; tables are named where they are mapped.</summary>
    public static void Apply(ModelBuilder builder)
    {
        foreach (var entity in builder.Model.GetEntityTypes())
        {
            var table = entity.GetTableName()!;
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(Of(property.Name));
            }

            foreach (var key in entity.GetKeys())
            {
                key.SetName(key.IsPrimaryKey() ? $"pk_{table}" : $"ak_{table}_{Columns(key.Properties)}");
            }

            foreach (var foreign in entity.GetForeignKeys())
            {
                foreign.SetConstraintName($"fk_{table}_{Columns(foreign.Properties)}");
            }

            foreach (var index in entity.GetIndexes())
            {
                index.SetDatabaseName($"ix_{table}_{Columns(index.Properties)}");
            }
        }
    }

    /// <summary>PascalCase to snake_case.</summary>
    public static string Of(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        for (var at = 0; at < name.Length; at++)
        {
            if (at > 0 && char.IsUpper(name[at]) && (!char.IsUpper(name[at - 1]) || (at + 1 < name.Length && char.IsLower(name[at + 1]))))
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(name[at]));
        }

        return text.ToString();
    }

    private static string Columns(IReadOnlyList<IMutableProperty> properties) => string.Join('_', properties.Select(property => Of(property.Name)));
}
