using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Xen2Kvm.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class EndsOfRuns : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_runs_finished_at",
                table: "runs",
                column: "finished_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_runs_finished_at",
                table: "runs");
        }
    }
}
